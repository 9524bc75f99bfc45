import type { Credential, GetCredentialOptions } from "../credential.ts";
import type { SignalOptions } from "../signal_options.ts";
import { encodeEntry } from "./_auth_entry.ts";
import type { AuthKeys } from "./_auth_keys.ts";
import {
  type AuthDocument,
  findCredential,
  helperNames,
  member,
  openHelper,
} from "./_auth_lookup.ts";
import { changeJsonFile, readJsonFile } from "./_json_file.ts";

/** Files in the form of docker's `config.json`: the first is changed, all are read. */
export class AuthFiles {
  readonly #files: readonly string[];
  readonly #keys: AuthKeys;
  readonly #env: AuthDocument["env"];

  constructor(
    files: readonly string[],
    keys: AuthKeys,
    env: AuthDocument["env"],
  ) {
    this.#files = files;
    this.#keys = keys;
    this.#env = env;
  }

  /** What the first of the files says that has a credential for the registry. */
  async get(
    registry: string,
    options: GetCredentialOptions = {},
  ): Promise<Credential | undefined> {
    for (const file of this.#files) {
      options.signal?.throwIfAborted();
      const document = await this.#read(file);
      const found = document &&
        await findCredential(document, registry, options);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Keeps a credential in the helper that the first file names, else in its `auths`. */
  async put(
    registry: string,
    credential: Credential,
    { signal }: SignalOptions = {},
  ): Promise<void> {
    signal?.throwIfAborted();
    const [file = ""] = this.#files;
    const key = this.#keys.serverKey(registry);
    const name = await this.#firstHelper(file, registry);
    if (name !== undefined) {
      const helper = await openHelper(name, this.#env);
      return await helper.store(key, credential, { signal });
    }
    const entry = encodeEntry(credential, registry);
    await changeJsonFile(file, (config) => ({
      ...config,
      auths: { ...member(config, "auths", file), [key]: entry },
    }), signal);
  }

  /** Forgets a credential in the first file and in its helper; tells whether there was one. */
  async delete(
    registry: string,
    { signal }: SignalOptions = {},
  ): Promise<boolean> {
    signal?.throwIfAborted();
    const [file = ""] = this.#files;
    const keys = this.#keys;
    let found = false;
    const name = await this.#firstHelper(file, registry);
    if (name !== undefined) {
      const helper = await openHelper(name, this.#env);
      found = await helper.erase(keys.serverKey(registry), { signal });
    }
    const config = await readJsonFile(file) ?? {};
    const auths = member(config, "auths", file);
    if (keys.keysOf(auths, registry).length === 0) return found;
    await changeJsonFile(file, (config) => {
      const auths = { ...member(config, "auths", file) };
      const gone = keys.keysOf(auths, registry);
      if (gone.length === 0) return undefined;
      for (const key of gone) delete auths[key];
      found = true;
      return { ...config, auths };
    }, signal);
    return found;
  }

  async #read(file: string): Promise<AuthDocument | undefined> {
    const config = await readJsonFile(file);
    return config &&
      { config, origin: file, keys: this.#keys, env: this.#env };
  }

  async #firstHelper(
    file: string,
    registry: string,
  ): Promise<string | undefined> {
    const document = await this.#read(file);
    return document && helperNames(document, registry)[0];
  }
}
