import type { Algorithm } from "../digest/algorithm.ts";
import { createHasher } from "../digest/hasher.ts";
import { type SourceLike, toSource } from "../distribution/source.ts";
import type { Descriptor } from "../image/descriptor.ts";
import type { MediaType } from "../image/media_type.ts";

const CHUNK = 1024 * 1024;

/** Options of {@linkcode describe}. */
export interface DescribeOptions {
  /** The digest's algorithm; sha256 where not given. */
  readonly algorithm?: Algorithm | undefined;
  /** Ends the reading. */
  readonly signal?: AbortSignal | undefined;
}

/** Reads content to the end, and makes its descriptor. */
export async function describe(
  content: SourceLike,
  mediaType: MediaType,
  options: DescribeOptions = {},
): Promise<Descriptor> {
  const { signal } = options;
  const source = toSource(content);
  const hasher = createHasher(options.algorithm);
  signal?.throwIfAborted();
  const next = reader(await source.open(), Math.min(CHUNK, source.size || 1));
  try {
    // The next piece is on its way while this one is hashed.
    let pending = next.read();
    while (true) {
      const value = await pending;
      if (value === undefined) break;
      signal?.throwIfAborted();
      pending = next.read();
      try {
        const hashing = hasher.update(value);
        if (hashing !== undefined) await hashing;
      } catch (error) {
        await pending.catch(() => {});
        throw error;
      }
      next.recycle(value);
    }
  } catch (error) {
    await next.cancel(error).catch(() => {});
    throw error;
  }
  const digest = String(await hasher.digest());
  return { mediaType, digest, size: source.size };
}

/** A stream's pieces, read into two buffers in turn where the stream can do that. */
interface PieceReader {
  /** The next piece; undefined at the end. */
  read(): Promise<Uint8Array<ArrayBuffer> | undefined>;
  recycle(piece: Uint8Array<ArrayBuffer>): void;
  cancel(reason: unknown): Promise<void>;
}

function reader(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  chunk: number,
): PieceReader {
  let byob: ReadableStreamBYOBReader;
  try {
    byob = stream.getReader({ mode: "byob" });
  } catch {
    const plain = stream.getReader();
    return {
      read: async () => (await plain.read()).value,
      recycle: () => {},
      cancel: (reason) => plain.cancel(reason),
    };
  }
  const free: ArrayBuffer[] = [];
  return {
    async read() {
      const view = new Uint8Array(free.pop() ?? new ArrayBuffer(chunk));
      const { value } = await byob.read(view, { min: view.byteLength });
      return value?.byteLength ? value : undefined;
    },
    recycle: (piece) => void free.push(piece.buffer),
    cancel: (reason) => byob.cancel(reason),
  };
}
