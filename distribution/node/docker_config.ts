import type { Credential, WritableCredentialStore } from "../credential.ts";
import type { SignalOptions } from "../signal_options.ts";
import { decodeEntry, encodeEntry, keysOf, serverKey } from "./_auth_entry.ts";
import {
  changeJsonFile,
  invalidConfig,
  isObject,
  type JsonObject,
  readJsonFile,
} from "./_json_file.ts";
import type { CredentialHelper } from "./credential_helper.ts";

/** Where {@linkcode DockerConfig} looks. */
export interface DockerConfigOptions {
  /**
   * The environment of credential helpers, `PATH` included, by which they are found.
   *
   * @default {the environment of this process}
   */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/**
 * The credentials in docker's `config.json`, and in the helpers that it names.
 *
 * For each file in turn, a registry's credential is looked for in the helper
 * that `credHelpers` names for it, in the helper of `credsStore`, and in `auths`;
 * there under the registry's own key, then under a key with the same host.
 * `docker.io` is kept under `https://index.docker.io/v1/`.
 *
 * `put` and `delete` change the first file only, or the helper that it names.
 * Unknown members stay, in their order. The file is replaced in one step with mode
 * 0600, and processes that change it at the same time wait for each other.
 *
 * @example
 * ```ts
 * import { DockerConfig } from "@gantry/oci/distribution/node";
 * import { assertEquals } from "@std/assert";
 * import { mkdtemp, rm } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 *
 * const directory = await mkdtemp(join(tmpdir(), "gantry-"));
 * const store = new DockerConfig(join(directory, "config.json"));
 * const credential = { username: "me", password: "pw" };
 * await store.put("registry.example", credential);
 * assertEquals(await store.get("registry.example"), credential);
 * assertEquals(await store.delete("registry.example"), true);
 * await rm(directory, { recursive: true });
 * ```
 */
export class DockerConfig implements WritableCredentialStore {
  /** The files; the first is read and written, the others are read. */
  readonly files: readonly string[];
  readonly #env: DockerConfigOptions["env"];

  /**
   * Names the files; nothing is read yet, and none of them need exist.
   *
   * @throws {TypeError} There is no file.
   */
  constructor(
    files: string | readonly string[],
    options: DockerConfigOptions = {},
  ) {
    this.files = typeof files === "string" ? [files] : [...files];
    this.#env = options.env;
    if (this.files.length === 0) {
      throw new TypeError("Cannot make a docker config: found no file");
    }
  }

  /**
   * Gives a registry's credential, or undefined.
   *
   * @throws {CredentialError} A file or a helper cannot be read.
   */
  async get(
    registry: string,
    options: SignalOptions = {},
  ): Promise<Credential | undefined> {
    const { signal } = options;
    for (const file of this.files) {
      signal?.throwIfAborted();
      const config = await readJsonFile(file);
      if (config === undefined) continue;
      for (const name of helperNames(config, file, registry)) {
        const helper = await this.#helper(name);
        const found = await helper.get(serverKey(registry), { signal });
        if (found !== undefined) return found;
      }
      const auths = member(config, "auths", file);
      for (const key of keysOf(auths, registry)) {
        const found = decodeEntry(auths[key], file, key);
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }

  /**
   * Keeps a registry's credential: in the helper that the first file names for it, and
   * in that file's `auths` where it names none.
   *
   * @throws {CredentialError} The file or the helper cannot be written.
   * @throws {TypeError} The credential cannot be written in this form.
   */
  async put(
    registry: string,
    credential: Credential,
    options: SignalOptions = {},
  ): Promise<void> {
    const { signal } = options;
    signal?.throwIfAborted();
    const [file = ""] = this.files;
    const name = await this.#firstHelper(file, registry);
    if (name !== undefined) {
      const helper = await this.#helper(name);
      return await helper.store(serverKey(registry), credential, { signal });
    }
    const entry = encodeEntry(credential, registry);
    await changeJsonFile(file, (config) => ({
      ...config,
      auths: { ...member(config, "auths", file), [serverKey(registry)]: entry },
    }), signal);
  }

  /**
   * Forgets a registry's credential, in the first file and in the helper that it names;
   * tells whether there was one.
   *
   * @throws {CredentialError} The file or the helper cannot be written.
   */
  async delete(
    registry: string,
    options: SignalOptions = {},
  ): Promise<boolean> {
    const { signal } = options;
    signal?.throwIfAborted();
    const [file = ""] = this.files;
    let found = false;
    const name = await this.#firstHelper(file, registry);
    if (name !== undefined) {
      const helper = await this.#helper(name);
      found = await helper.erase(serverKey(registry), { signal });
    }
    const config = await readJsonFile(file) ?? {};
    const auths = member(config, "auths", file);
    if (keysOf(auths, registry).length === 0) return found;
    await changeJsonFile(file, (config) => {
      const auths = { ...member(config, "auths", file) };
      const keys = keysOf(auths, registry);
      if (keys.length === 0) return undefined;
      for (const key of keys) delete auths[key];
      found = true;
      return { ...config, auths };
    }, signal);
    return found;
  }

  async #firstHelper(
    file: string,
    registry: string,
  ): Promise<string | undefined> {
    const config = await readJsonFile(file);
    return config && helperNames(config, file, registry)[0];
  }

  /** Loaded on demand, because most files name no helper. */
  async #helper(name: string): Promise<CredentialHelper> {
    const { CredentialHelper } = await import("./credential_helper.ts");
    return new CredentialHelper(name, { env: this.#env });
  }
}

/** The helpers to ask for a registry: its own, then the general one. */
function helperNames(
  config: JsonObject,
  file: string,
  registry: string,
): string[] {
  const helpers = member(config, "credHelpers", file);
  const names = keysOf(helpers, registry).map((key) => helpers[key]);
  return [names[0], config["credsStore"]].filter((name): name is string =>
    typeof name === "string" && name !== ""
  );
}

function member(config: JsonObject, name: string, file: string): JsonObject {
  const value = config[name] ?? {};
  if (!isObject(value)) throw invalidConfig(file, `${name} is no object`);
  return value;
}
