import { MediaTypes } from "../media_type.ts";
import { LayerError } from "./errors.ts";
import { gzip } from "./_gzip.ts";
import { gunzip } from "./_gunzip.ts";
import { compressionAt, MAGIC_SIZE } from "./_magic.ts";
import { gunzipByNode } from "./_node_gunzip.ts";
import { nodeZlib, through, type Zlib } from "./_node_zlib.ts";
import { turns } from "./_turns.ts";
import { decompressZstd } from "./_zstd.ts";

/** How a layer's tar is compressed. */
export type Compression = "none" | "gzip" | "zstd";

/**
 * How a layer of a media type is compressed, or undefined where the type is not a
 * layer's.
 *
 * @example
 * ```ts
 * import { compressionOf } from "@gantry/oci/image/layer";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(compressionOf("application/vnd.oci.image.layer.v1.tar+gzip"), "gzip");
 * assertEquals(compressionOf("text/plain"), undefined);
 * ```
 */
export function compressionOf(mediaType: string): Compression | undefined {
  return COMPRESSIONS.get(mediaType);
}

const COMPRESSIONS: ReadonlyMap<string, Compression> = new Map([
  [MediaTypes.layer, "none"],
  [MediaTypes.layerGzip, "gzip"],
  [MediaTypes.layerZstd, "zstd"],
  [MediaTypes.nondistributableLayer, "none"],
  [MediaTypes.nondistributableLayerGzip, "gzip"],
  [MediaTypes.nondistributableLayerZstd, "zstd"],
  [MediaTypes.dockerLayerGzip, "gzip"],
  [MediaTypes.dockerForeignLayerGzip, "gzip"],
]);

/** The size of what an engine gives out at once; its output depends on it. */
const CHUNK = 64 * 1024;

/** Options of {@linkcode compress}. */
export interface CompressOptions {
  /**
   * How hard gzip works, from 1 to 9.
   *
   * @default {6}
   */
  readonly level?: number;
}

/**
 * Compresses pieces. Gzip's header names no time and no system, so that the same
 * content gives the same bytes wherever the same release of the same runtime is used;
 * zstd's bytes depend on the sizes of the pieces too. In Deno, gzip of more than a few
 * MiB uses up to three threads.
 *
 * @throws {LayerError} The runtime has no zstd.
 * @throws {RangeError} `level` is no whole number from 1 to 9.
 *
 * @example
 * ```ts
 * import { compress, decompress } from "@gantry/oci/image/layer";
 * import { assertEquals } from "@std/assert";
 *
 * const packed = compress(new Blob(["hello"]).stream(), "gzip");
 * const text = await new Response(ReadableStream.from(decompress(packed, "gzip"))).text();
 * assertEquals(text, "hello");
 * ```
 */
export async function* compress(
  source: AsyncIterable<Uint8Array<ArrayBuffer>>,
  compression: Compression,
  options: CompressOptions = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  if (compression === "none") return yield* source;
  const zlib = nodeZlib();
  if (compression === "zstd") {
    const engine = zlib?.createZstdCompress?.({ chunkSize: CHUNK });
    if (engine === undefined) throw unsupported();
    return yield* through(source, engine);
  }
  const { level = 6 } = options;
  if (compression !== "gzip") {
    throw new TypeError(
      `Cannot compress with ${compression}: expected none, gzip or zstd`,
    );
  }
  if (!Number.isInteger(level) || level < 1 || level > 9) {
    throw new RangeError(
      `Cannot compress at level ${level}: expected a whole number from 1 to 9`,
    );
  }
  if (zlib !== undefined) return yield* gzip(source, level, zlib);
  yield* withPlainHeader(gzipByStream(source));
}

/** Options of {@linkcode decompress}. */
export interface DecompressOptions {
  /**
   * Stops the work, which then fails with the signal's reason, also while little
   * unpacks to much. The source is to be stopped by whoever made it.
   */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Decompresses a layer; with `auto` as its first bytes tell. Gzip may have several
 * members and zeros behind them, and zstd several frames, on every runtime.
 *
 * @throws {LayerError} The content is damaged or ends early. Failures of the source come out as they are.
 *
 * @example
 * ```ts
 * import { decompress } from "@gantry/oci/image/layer";
 * import { assertEquals } from "@std/assert";
 *
 * const packed = new Blob(["hello"]).stream().pipeThrough(new CompressionStream("gzip"));
 * const text = await new Response(ReadableStream.from(decompress(packed))).text();
 * assertEquals(text, "hello");
 * ```
 */
export async function* decompress(
  source: AsyncIterable<Uint8Array<ArrayBuffer>>,
  compression: Compression | "auto" = "auto",
  options: DecompressOptions = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  if (compression === "auto") {
    const [found, whole] = await detect(source);
    return yield* decompress(whole, found, options);
  }
  if (compression === "none") return yield* source;
  // A failure of the source is told from one of the engine by who saw it first.
  let failure: { readonly error: unknown } | undefined;
  async function* watched(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    try {
      yield* source;
    } catch (error) {
      failure = { error };
      throw error;
    }
  }
  try {
    const turn = turns();
    for await (const piece of inflate(watched(), compression, nodeZlib())) {
      const waiting = turn();
      if (waiting !== undefined) await waiting;
      options.signal?.throwIfAborted();
      yield piece;
    }
  } catch (error) {
    if (failure !== undefined) throw failure.error;
    options.signal?.throwIfAborted();
    if (error instanceof LayerError) throw error;
    throw new LayerError(
      "LAYER_INVALID",
      `Cannot decompress layer: ${
        error instanceof Error ? error.message : String(error)
      }`,
      { cause: error },
    );
  }
}

function inflate(
  source: AsyncIterable<Uint8Array<ArrayBuffer>>,
  compression: "gzip" | "zstd",
  zlib: Zlib | undefined,
): AsyncIterable<Uint8Array<ArrayBuffer>> {
  if (compression === "zstd") return decompressZstd(source);
  return zlib === undefined ? gunzip(source) : gunzipByNode(source, zlib);
}

/** Reads as far as is needed to know a stream's compression, and gives the whole stream back. */
async function detect(
  source: AsyncIterable<Uint8Array<ArrayBuffer>>,
): Promise<[Compression, AsyncIterable<Uint8Array<ArrayBuffer>>]> {
  const iterator = source[Symbol.asyncIterator]();
  const held: Uint8Array<ArrayBuffer>[] = [];
  const first: number[] = [];
  while (first.length < MAGIC_SIZE) {
    const { value, done } = await iterator.next();
    if (done) break;
    // The next piece may take its memory.
    held.push(value.byteLength < MAGIC_SIZE ? value.slice() : value);
    first.push(...value.subarray(0, MAGIC_SIZE));
  }
  async function* whole(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    try {
      yield* held;
      while (true) {
        const { value, done } = await iterator.next();
        if (done) return;
        yield value;
      }
    } finally {
      await iterator.return?.();
    }
  }
  return [compressionAt(first), whole()];
}

/** Sets the header's time to 0 and its system to 255, "unknown", as Go does (RFC 1952 §2.3). */
async function* withPlainHeader(
  packed: AsyncIterable<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let position = 0;
  for await (const chunk of packed) {
    if (position < 10) {
      const copy = new Uint8Array(chunk);
      for (const [offset, byte] of PLAIN) {
        const index = offset - position;
        if (index >= 0 && index < copy.byteLength) copy[index] = byte;
      }
      yield copy;
    } else yield chunk;
    position += chunk.byteLength;
  }
}

const PLAIN: readonly (readonly [number, number])[] = [
  [4, 0],
  [5, 0],
  [6, 0],
  [7, 0],
  [9, 255],
];

/**
 * Feeds a `CompressionStream` piece by piece: a pipe would ask for pieces ahead, and
 * would end the source only some time after nobody reads on.
 */
async function* gzipByStream(
  source: AsyncIterable<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const { readable, writable } = new CompressionStream("gzip");
  const writer = writable.getWriter();
  const reader = readable.getReader();
  const made: Uint8Array<ArrayBuffer>[] = [];
  const collecting = (async () => {
    while (true) {
      const { value, done } = await reader.read();
      if (done) return;
      made.push(value as Uint8Array<ArrayBuffer>);
    }
  })();
  // It fails where it is left, which nobody waits for then.
  collecting.catch(() => {});
  try {
    for await (const piece of source) {
      await writer.write(piece);
      yield* made.splice(0);
    }
    await writer.close();
    await collecting;
    yield* made;
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** A stream that asks an iterator for its pieces, and ends it when it is cancelled. */
export function toStream(
  iterator: AsyncIterator<Uint8Array<ArrayBuffer>>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await iterator.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await iterator.return?.();
    },
  }, { highWaterMark: 0 });
}

function unsupported(): LayerError {
  return new LayerError(
    "LAYER_UNSUPPORTED",
    "Cannot compress with zstd: this runtime cannot",
    { hint: "Deno, and Node from 22.15, can make it by node:zlib" },
  );
}
