import type {
  Credential,
  GetCredentialOptions,
  WritableCredentialStore,
} from "../credential.ts";
import type { SignalOptions } from "../signal_options.ts";
import { AuthFiles } from "./_auth_files.ts";
import { DOCKER_KEYS } from "./_auth_keys.ts";

/** How {@linkcode DockerConfig} and {@linkcode PodmanAuth} run credential helpers. */
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
  readonly #store: AuthFiles;

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
    this.#store = new AuthFiles(this.files, DOCKER_KEYS, options.env);
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
    options: GetCredentialOptions = {},
  ): Promise<Credential | undefined> {
    return await this.#store.get(registry, options);
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
    await this.#store.put(registry, credential, options);
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
    return await this.#store.delete(registry, options);
  }
}
