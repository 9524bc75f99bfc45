import { type Algorithm, CANONICAL_ALGORITHM } from "../digest/algorithm.ts";
import { checkUploadLocation } from "./_upload_location.ts";
import { beginUpload } from "./_upload_requests.ts";
import type { RegistryClient } from "./registry_client.ts";
import type { SignalOptions } from "./signal_options.ts";
import { UploadSession } from "./upload_session.ts";

/** How to begin an upload. */
export interface StartUploadOptions extends SignalOptions {
  /**
   * The algorithm of the digest that will finish it.
   *
   * @default {"sha256"}
   */
  readonly algorithm?: Algorithm | undefined;
}

/** How to take up an upload. */
export interface ResumeUploadOptions {
  /**
   * The bytes that the registry holds.
   *
   * @default {0; ask by `status()`}
   */
  readonly offset?: number | undefined;
}

/**
 * The uploads of a repository, step by step: for those who want more than
 * `blobs.push()`. Follows distribution-spec §Pushing Blobs.
 *
 * @example One body, whose digest is known
 * ```ts
 * import { fromHandler, RegistryClient } from "@gantry/oci/distribution";
 * import { createRegistry } from "@gantry/oci/distribution/server";
 * import { Digest } from "@gantry/oci/digest";
 * import { assert } from "@std/assert";
 *
 * const transport = fromHandler(createRegistry().fetch);
 * const { blobs, uploads } = new RegistryClient("registry.example", { transport })
 *   .repository("team/app");
 * const digest = String(await Digest.fromString("hello"));
 * const upload = await uploads.start();
 * await upload.finish(digest, { content: "hello" });
 * assert(await blobs.exists({ digest }));
 * ```
 */
export class Uploads {
  readonly #client: RegistryClient;
  readonly #name: string;

  /** Made by `Repository`. */
  constructor(client: RegistryClient, name: string) {
    this.#client = client;
    this.#name = name;
  }

  /**
   * Begins an upload.
   *
   * @throws {RegistryError} The registry refuses.
   * @throws {ProtocolError} The registry names no proper location for it.
   * @throws {SecurityError} The location gives up TLS, or is on a private address.
   * @throws {ConnectionError} There was no answer.
   */
  async start(options: StartUploadOptions = {}): Promise<UploadSession> {
    const { algorithm = CANONICAL_ALGORITHM, signal } = options;
    return new UploadSession(
      await beginUpload(this.#client, {
        repository: this.#name,
        action: `Cannot upload to ${this.#name}`,
        algorithm,
        retry: true,
        signal,
      }),
    );
  }

  /**
   * Takes up an upload that was begun before, perhaps by another process. Nothing is sent.
   *
   * @param location The upload's newest location, as `UploadSession.location` told it.
   * @throws {TypeError} The location is no URL.
   * @throws {RangeError} The offset is no number of bytes.
   * @throws {SecurityError} The location gives up TLS, or is on a private address.
   */
  resume(
    location: string | URL,
    options: ResumeUploadOptions = {},
  ): UploadSession {
    const { offset = 0 } = options;
    const action = `Cannot upload to ${this.#name}`;
    if (!Number.isSafeInteger(offset) || offset < 0) {
      throw new RangeError(`${action}: ${offset} is no number of bytes`);
    }
    return new UploadSession({
      client: this.#client,
      repository: this.#name,
      action,
      location: checkUploadLocation(
        this.#client,
        new URL(location, this.#client.origin),
        action,
      ),
      offset,
      minChunkSize: undefined,
      wasResumed: true,
    });
  }
}
