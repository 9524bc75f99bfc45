import type {
  Credential,
  GetCredentialOptions,
  WritableCredentialStore,
} from "../credential.ts";
import type { SignalOptions } from "../signal_options.ts";
import { AuthFiles } from "./_auth_files.ts";
import { PODMAN_KEYS } from "./_auth_keys.ts";
import type { DockerConfigOptions } from "./docker_config.ts";

/**
 * The credentials in `auth.json`, where podman, skopeo and buildah keep them.
 *
 * The form is that of docker's file, but a key may be a host with a path: it then
 * serves the repositories below that path, and the longest path that fits comes
 * first. Follows containers-auth.json(5).
 *
 * `put` and `delete` change the first file only, as {@linkcode DockerConfig} does; what
 * is kept for single paths stays.
 *
 * @example A credential for a part of a registry
 * ```ts
 * import { PodmanAuth } from "@gantry/oci/distribution/node";
 * import { assertEquals } from "@std/assert";
 *
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(
 *   path,
 *   JSON.stringify({
 *     auths: {
 *       "quay.example": { auth: btoa("reader:pw") },
 *       "quay.example/team": { auth: btoa("team:pw") },
 *     },
 *   }),
 * );
 * const store = new PodmanAuth(path);
 * const credential = await store.get("quay.example", { repository: "team/app" });
 * assertEquals(credential, { username: "team", password: "pw" });
 * await Deno.remove(path);
 * ```
 */
export class PodmanAuth implements WritableCredentialStore {
  /** The files; the first is read and written, the others are read. */
  readonly files: readonly string[];
  /** It is asked for each repository, because keys may have paths. */
  readonly byRepository: boolean = true;
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
    this.#store = new AuthFiles(this.files, PODMAN_KEYS, options.env);
    if (this.files.length === 0) {
      throw new TypeError("Cannot make a podman auth store: found no file");
    }
  }

  /**
   * Gives the credential for a repository, or for its registry, or undefined.
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
