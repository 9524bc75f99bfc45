import type { Algorithm } from "../digest/algorithm.ts";
import { byteReader } from "../digest/_tap_stream.ts";
import { createHasher } from "../digest/hasher.ts";
import type { Descriptor } from "../image/descriptor.ts";
import type { MediaType } from "../image/media_type.ts";
import { Attempts } from "./_attempts.ts";
import { deliver, finishUpload, UploadLost } from "./_deliver.ts";
import {
  beginUpload,
  dropUpload,
  type UploadState,
} from "./_upload_requests.ts";
import { ProtocolError } from "./errors.ts";
import type { RegistryClient } from "./registry_client.ts";
import { type Source, toSource } from "./source.ts";

/** A stream to push. */
export interface StreamPush {
  /** The repository. */
  readonly repository: string;
  /** The content. */
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** The media type for the descriptor. */
  readonly mediaType: MediaType;
  /** The algorithm of the digest. */
  readonly algorithm: Algorithm;
  /** The size of parts. */
  readonly chunkSize: number;
  /** Ends the push. */
  readonly signal?: AbortSignal | undefined;
  /** Told how many bytes have been handed to the network. */
  readonly onBytes: (transferred: number) => void;
  /** Pushes what turned out to be no larger than a part. */
  readonly pushWhole: (descriptor: Descriptor, source: Source) => Promise<void>;
}

/** A registry may demand parts of this size, and no larger ones: they are held in memory. */
const MAX_PART_SIZE = 64 * 1024 * 1024;

/**
 * Uploads a stream that can be read only once, and whose size and digest nobody
 * knows, in parts. A part is kept until the registry has it.
 */
export async function pushStream(
  client: RegistryClient,
  push: StreamPush,
): Promise<Descriptor> {
  const { algorithm, mediaType, onBytes, repository, signal } = push;
  const action = `Cannot push a stream to ${repository}`;
  const hasher = createHasher(algorithm);
  const reader = byteReader(push.stream);
  const abort = () => void reader.cancel(signal?.reason).catch(() => {});
  signal?.addEventListener("abort", abort, { once: true });
  const attempts = new Attempts(client);
  const options = { attempts, signal, onBytes };
  let state: UploadState | undefined;
  let size = 0;
  try {
    let chunkSize = push.chunkSize;
    while (true) {
      signal?.throwIfAborted();
      const part = await readPart(reader, chunkSize);
      signal?.throwIfAborted();
      size += part.byteLength;
      await hasher.update(part);
      const isLast = part.byteLength < chunkSize;
      if (isLast && state === undefined) {
        const descriptor = {
          mediaType,
          digest: String(await hasher.digest()),
          size,
        };
        await push.pushWhole(descriptor, toSource(part));
        return descriptor;
      }
      state ??= await beginUpload(client, {
        repository,
        action,
        algorithm,
        retry: true,
        signal,
      });
      const least = state.minChunkSize ?? 0;
      if (least > MAX_PART_SIZE) {
        throw new ProtocolError(
          "CHUNK_TOO_LARGE",
          `${action}: the registry wants parts of ${least} bytes`,
        );
      }
      if (!isLast && least > part.byteLength) {
        // Only the first part can be too small: the registry had not yet spoken.
        const more = await readPart(reader, least - part.byteLength);
        size += more.byteLength;
        await hasher.update(more);
        await deliver(state, joined(part, more), options);
      } else if (part.byteLength > 0) {
        await deliver(state, toSource(part), options);
      }
      chunkSize = Math.max(chunkSize, least);
      if (isLast) break;
    }
    const digest = String(await hasher.digest());
    await finishUpload(state, digest, undefined, options);
    return { mediaType, digest, size };
  } catch (error) {
    await reader.cancel(error).catch(() => {});
    if (state !== undefined) await dropUpload(state);
    signal?.throwIfAborted();
    throw error instanceof UploadLost ? error.cause : error;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

/** Reads so many bytes, or fewer at the end of the stream. */
async function readPart(
  reader: ReadableStreamBYOBReader,
  size: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const { value, done } = await reader.read(new Uint8Array(size), {
    min: size,
  });
  if (!done && value.byteLength === size) return value;
  return value ?? new Uint8Array();
}

function joined(
  first: Uint8Array<ArrayBuffer>,
  second: Uint8Array<ArrayBuffer>,
): Source {
  return toSource(new Blob([first, second]));
}
