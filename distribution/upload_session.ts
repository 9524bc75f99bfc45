import { Digest } from "../digest/digest.ts";
import { Attempts } from "./_attempts.ts";
import { deliver, finishUpload, UploadLost } from "./_deliver.ts";
import { discard } from "./_discard.ts";
import {
  askUpload,
  uploadScopes,
  type UploadState,
} from "./_upload_requests.ts";
import type { SignalOptions } from "./signal_options.ts";
import { type SourceLike, toSource } from "./source.ts";

/** How to send content to an upload. */
export interface SendUploadOptions extends SignalOptions {
  /** Told how many bytes of the upload have been handed to the network. */
  readonly onBytes?: ((transferred: number) => void) | undefined;
}

/** How to finish an upload. */
export interface FinishUploadOptions extends SendUploadOptions {
  /** The whole content, or what is still missing of it. */
  readonly content?: SourceLike | undefined;
}

/**
 * An upload under way. Follows distribution-spec §Pushing a blob in chunks.
 *
 * Its requests go one after the other. Each goes to the location that the last answer
 * named. A request that meets a fault that passes is repeated: the registry is asked
 * what it holds, and gets the rest.
 *
 * @example Upload in parts
 * ```ts
 * import { fromHandler, RegistryClient } from "@gantry/oci/distribution";
 * import { createRegistry } from "@gantry/oci/distribution/server";
 * import { Digest } from "@gantry/oci/digest";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const transport = fromHandler(createRegistry().fetch);
 * const { blobs, uploads } = new RegistryClient("registry.example", { transport })
 *   .repository("team/app");
 * const upload = await uploads.start();
 * await upload.send("hello ");
 * await upload.send("you");
 * assertEquals(upload.offset, 9);
 * const digest = String(await Digest.fromString("hello you"));
 * await upload.finish(digest);
 * assert(await blobs.exists({ digest }));
 * ```
 */
export class UploadSession {
  readonly #state: UploadState;

  /** Made by `Uploads`. */
  constructor(state: UploadState) {
    this.#state = state;
  }

  /**
   * Where the next request goes. It may carry a signature that lets whoever knows it
   * write, so keep it, and show it by `redactUrl` only.
   */
  get location(): URL {
    return new URL(this.#state.location);
  }

  /** How many bytes the registry holds, as far as is known. */
  get offset(): number {
    return this.#state.offset;
  }

  /** The least that every part but the last must have, in bytes, where the registry demands anything. */
  get minChunkSize(): number | undefined {
    return this.#state.minChunkSize;
  }

  /**
   * Adds content behind what is there, with one `PATCH`.
   *
   * @returns How many bytes the registry holds now.
   * @throws {RegistryError} The registry refuses, or has lost the upload.
   * @throws {ConnectionError} There was no answer.
   */
  async send(
    content: SourceLike,
    options: SendUploadOptions = {},
  ): Promise<number> {
    const attempts = new Attempts(this.#state.client);
    await orCause(
      deliver(this.#state, toSource(content), { ...options, attempts }),
    );
    return this.#state.offset;
  }

  /**
   * Asks the registry how much it holds, and goes on from there.
   *
   * @returns The number of bytes; undefined where the registry has lost the upload, or says what may mean none or one.
   * @throws {RegistryError} The registry refuses.
   * @throws {ConnectionError} There was no answer.
   */
  async status(options: SignalOptions = {}): Promise<number | undefined> {
    const held = await askUpload(this.#state, { ...options, retry: true });
    if (held !== undefined) this.#state.offset = held;
    return held;
  }

  /**
   * Makes a blob of the upload, which must hold the whole content, or get it here.
   *
   * @throws {DigestError} The digest is malformed.
   * @throws {RegistryError} The registry refuses, for one thing because the content has another digest.
   * @throws {ConnectionError} There was no answer.
   */
  async finish(
    digest: string,
    options: FinishUploadOptions = {},
  ): Promise<void> {
    const { content, ...rest } = options;
    const attempts = new Attempts(this.#state.client);
    await orCause(finishUpload(
      this.#state,
      String(Digest.parse(digest)),
      content === undefined ? undefined : toSource(content),
      { ...rest, attempts },
    ));
  }

  /**
   * Gives the upload up, so that the registry can forget it.
   *
   * @throws {NotFoundError} The registry does not know it any more.
   * @throws {UnsupportedError} The registry does not let uploads be given up; it forgets them in time.
   */
  async cancel(options: SignalOptions = {}): Promise<void> {
    const { client, location, repository } = this.#state;
    const response = await client.send({
      method: "DELETE",
      url: location,
      action: `Cannot give up an upload to ${repository}`,
      expect: [204, 200, 202],
      scopes: uploadScopes(repository),
      signal: options.signal,
    });
    await discard(response);
  }
}

/** Fails with what happened to an upload that is lost. */
async function orCause(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    throw error instanceof UploadLost ? error.cause : error;
  }
}
