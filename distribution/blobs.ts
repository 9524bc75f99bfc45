import { CANONICAL_ALGORITHM } from "../digest/algorithm.ts";
import { Digest } from "../digest/digest.ts";
import { SizeMismatchError } from "../digest/errors.ts";
import { tapStream } from "../digest/_tap_stream.ts";
import { verifyStream } from "../digest/verify_stream.ts";
import type { Descriptor } from "../image/descriptor.ts";
import { MediaTypes } from "../image/media_type.ts";
import { abortableSource } from "./_abortable_source.ts";
import type {
  GetBlobOptions,
  PushBlobOptions,
  PushStreamOptions,
} from "./blob_options.ts";
import type { PushContentResult } from "./content_options.ts";
import { discard } from "./_discard.ts";
import { downloadStream } from "./_download.ts";
import { pushStream } from "./_push_stream.ts";
import { PART_SIZE, upload } from "./_upload.ts";
import { ProtocolError } from "./errors.ts";
import type { RegistryClient } from "./registry_client.ts";
import type { RegistryRequest } from "./registry_request.ts";
import type { SignalOptions } from "./signal_options.ts";
import type { Source } from "./source.ts";

/**
 * The blobs of a repository. Follows distribution-spec §Pulling Blobs, §Pushing
 * Blobs and §Deleting Blobs.
 *
 * @example
 * ```ts
 * import { fromHandler, RegistryClient, toSource } from "@gantry/oci/distribution";
 * import { createRegistry } from "@gantry/oci/distribution/server";
 * import { Digest } from "@gantry/oci/digest";
 * import { assertEquals } from "@std/assert";
 *
 * const transport = fromHandler(createRegistry().fetch);
 * const { blobs } = new RegistryClient("registry.example", { transport })
 *   .repository("team/app");
 * const digest = String(await Digest.fromString("hello"));
 * const descriptor = { mediaType: "text/plain", digest, size: 5 };
 * assertEquals(await blobs.push(descriptor, toSource("hello")), "uploaded");
 * assertEquals(await blobs.push(descriptor, toSource("hello")), "exists");
 * assertEquals(await new Response(await blobs.get(descriptor)).text(), "hello");
 * ```
 */
export class Blobs {
  readonly #client: RegistryClient;
  readonly #name: string;

  /** Made by `Repository`. */
  constructor(client: RegistryClient, name: string) {
    this.#client = client;
    this.#name = name;
  }

  /**
   * Asks for a blob's size, without its content.
   *
   * @returns A descriptor of media type `application/octet-stream`, unless the registry names another.
   * @throws {DigestError} The digest is malformed.
   * @throws {NotFoundError} There is no such blob.
   * @throws {ProtocolError} The registry does not tell the size.
   */
  async head(digest: string, options: SignalOptions = {}): Promise<Descriptor> {
    const action = `Cannot find blob ${Digest.parse(digest)} in ${this.#name}`;
    const response = await this.#client.send({
      method: "HEAD",
      url: this.#path(digest),
      action,
      expect: [200],
      scopes: this.#pull(),
      signal: options.signal,
    });
    await discard(response);
    const length = response.headers.get("content-length");
    if (length === null || !/^[0-9]+$/.test(length)) {
      throw new ProtocolError(
        "SIZE_UNKNOWN",
        `${action}: the registry does not tell its size`,
      );
    }
    return {
      mediaType: response.headers.get("content-type") ?? MediaTypes.octetStream,
      digest,
      size: Number(length),
    };
  }

  /**
   * Whether the repository holds a blob.
   *
   * @throws {DigestError} The digest is malformed.
   * @throws {RegistryError} The registry refuses.
   */
  async exists(
    descriptor: Pick<Descriptor, "digest">,
    options: SignalOptions = {},
  ): Promise<boolean> {
    const digest = String(Digest.parse(descriptor.digest));
    return await this.#isThere(digest, {
      action: `Cannot find blob ${digest} in ${this.#name}`,
      scopes: this.#pull(),
      signal: options.signal,
    });
  }

  /**
   * Opens a blob for reading.
   *
   * The stream checks size and digest, and fails at the end of content that is
   * not what the descriptor says; until then its bytes are not to be trusted. Of a
   * part only the size is checked.
   * A connection that breaks off is taken up where it broke, by `Range` where the
   * registry serves it. The stream must be read to its end or cancelled.
   *
   * @throws {DigestError} The digest is malformed.
   * @throws {NotFoundError} There is no such blob.
   * @throws {RegistryError} The registry refuses.
   * @throws {ProtocolError} `RANGE_INVALID`: the registry answers with another range than was asked for.
   * @throws {RangeError} The offset is not within the blob, or the length is no number of bytes.
   */
  async get(
    descriptor: Pick<Descriptor, "digest" | "size">,
    options: GetBlobOptions = {},
  ): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const { digest, size } = descriptor;
    const { length = Infinity, offset = 0, signal } = options;
    Digest.parse(digest);
    if (!Number.isSafeInteger(offset) || offset < 0 || offset > size) {
      throw new RangeError(
        `Cannot read blob from byte ${offset}: it has ${size} bytes`,
      );
    }
    if (length !== Infinity && !(Number.isSafeInteger(length) && length >= 0)) {
      throw new RangeError(`Cannot read ${length} bytes of a blob`);
    }
    const end = Math.min(size, offset + length);
    // No range holds nothing.
    if (offset === end && size > 0) return new Blob([]).stream();
    const stream = await downloadStream(this.#client, {
      url: this.#path(digest),
      action: `Cannot pull blob ${digest} from ${this.#name}`,
      scopes: this.#pull(),
      digest,
      size,
      offset,
      end,
      signal,
    });
    return offset === 0 && end === size
      ? verifyStream(stream, { digest, size })
      : refuseSurplus(stream, digest, offset, end);
  }

  /**
   * Pushes a blob: not at all where it is there already, by a mount where another
   * repository is named, by an upload otherwise.
   *
   * An upload that breaks off is gone on with where the registry tells how much of it
   * has arrived, and begun anew otherwise. A body that is too large for the registry,
   * or large and cut off, is sent in parts.
   *
   * @throws {DigestError} The digest is malformed.
   * @throws {RangeError} The source has another size than the descriptor says, or `chunkSize` is no positive integer.
   * @throws {ContentError} The source gives more or fewer bytes than its size.
   * @throws {RegistryError} The registry refuses, for one thing because the content has another digest.
   * @throws {ConnectionError} There was no answer.
   */
  async push(
    descriptor: Descriptor,
    source: Source,
    options: PushBlobOptions = {},
  ): Promise<PushContentResult> {
    const { digest, size } = descriptor;
    const { mount, name, onProgress, signal, singlePost } = options;
    const { chunkSize = this.#client.chunkSize } = options;
    Digest.parse(digest);
    if (chunkSize !== undefined) requirePartSize(chunkSize, `blob ${digest}`);
    if (source.size !== size) {
      throw new RangeError(
        `Cannot push blob ${digest}: its descriptor says ${size} bytes, its source ${source.size}`,
      );
    }
    const report = (
      phase: PushContentResult | "uploading",
      transferred: number,
    ): void =>
      onProgress?.({ descriptor, name, phase, transferred, total: size });
    // With a mount the upload's first request asks the same question.
    const mounts = mount !== undefined && (mount.from !== undefined ||
      this.#client.capabilities.mountWithoutFrom !== false);
    if (!mounts && options.skipCheck !== true) {
      // Asked with the scope to push, so that one token serves for all that follows.
      const isThere = await this.#isThere(digest, {
        action: `Cannot push blob ${digest} to ${this.#name}`,
        scopes: [`repository:${this.#name}:pull,push`],
        signal,
      });
      if (isThere) {
        report("exists", size);
        return "exists";
      }
    }
    const result = await upload(this.#client, {
      repository: this.#name,
      digest,
      source: abortableSource(source, signal),
      mount,
      singlePost,
      chunkSize,
      signal,
      onBytes: (transferred) => report("uploading", transferred),
    });
    report(result, size);
    return result;
  }

  /**
   * Pushes a stream that can be read only once, of unknown size and digest: hashed on
   * the way, in parts. What ends within the first part is pushed as any blob.
   *
   * Where size and digest are known and the content can be opened again, `push()` is
   * better: it asks first, needs no memory, and survives the loss of an upload.
   *
   * @returns The descriptor of what was pushed.
   * @throws {DigestUnsupportedError} The algorithm cannot be computed.
   * @throws {RangeError} `chunkSize` is no positive integer.
   * @throws {RegistryError} The registry refuses, or has lost the upload.
   * @throws {ProtocolError} `CHUNK_TOO_LARGE`: the registry wants parts of more than 64 MiB.
   * @throws {ConnectionError} There was no answer.
   */
  async pushStream(
    stream: ReadableStream<Uint8Array<ArrayBuffer>>,
    options: PushStreamOptions = {},
  ): Promise<Descriptor> {
    const { chunkSize = PART_SIZE, onBytes, signal } = options;
    requirePartSize(chunkSize, "a stream");
    return await pushStream(this.#client, {
      repository: this.#name,
      stream,
      mediaType: options.mediaType ?? MediaTypes.octetStream,
      algorithm: options.algorithm ?? CANONICAL_ALGORITHM,
      chunkSize: Math.min(chunkSize, this.#client.maxBodySize ?? Infinity),
      signal,
      onBytes: onBytes ?? (() => {}),
      pushWhole: async (descriptor, source) => {
        await this.push(descriptor, source, {
          signal,
          onProgress: ({ transferred }) => onBytes?.(transferred),
        });
      },
    });
  }

  /**
   * Deletes a blob from the repository.
   *
   * @throws {DigestError} The digest is malformed.
   * @throws {NotFoundError} There is no such blob.
   * @throws {UnsupportedError} The registry does not delete blobs.
   */
  async delete(digest: string, options: SignalOptions = {}): Promise<void> {
    const response = await this.#client.send({
      method: "DELETE",
      url: this.#path(String(Digest.parse(digest))),
      action: `Cannot delete blob ${digest} from ${this.#name}`,
      expect: [202, 200, 204],
      scopes: [`repository:${this.#name}:delete`],
      signal: options.signal,
    });
    await discard(response);
  }

  async #isThere(
    digest: string,
    request: Pick<RegistryRequest, "action" | "scopes" | "signal">,
  ): Promise<boolean> {
    const response = await this.#client.send({
      ...request,
      method: "HEAD",
      url: this.#path(digest),
      expect: [200, 404],
    });
    await discard(response);
    return response.status === 200;
  }

  #path(digest: string): string {
    return `v2/${this.#name}/blobs/${digest}`;
  }

  #pull(): string[] {
    return [`repository:${this.#name}:pull`];
  }
}

function requirePartSize(size: number, what: string): void {
  if (Number.isSafeInteger(size) && size > 0) return;
  throw new RangeError(
    `Cannot push ${what} in parts of ${size} bytes: expected a positive integer`,
  );
}

/** Fails a part of a blob that goes on behind its end. */
function refuseSurplus(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  digest: string,
  offset: number,
  end: number,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let seen = offset;
  return tapStream(stream, {
    chunk({ byteLength }) {
      seen += byteLength;
      if (seen > end) {
        throw new SizeMismatchError(end - offset, seen - offset, digest);
      }
    },
  });
}
