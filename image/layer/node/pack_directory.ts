import { open, rm } from "node:fs/promises";
import { createHasher, type Hasher } from "../../../digest/hasher.ts";
import { MediaTypes } from "../../media_type.ts";
import { compress, type Compression, toStream } from "../compression.ts";
import { tarDirectory, type TarDirectoryOptions } from "./tar_directory.ts";

/** Options of {@linkcode packDirectory}. */
export interface PackDirectoryOptions extends TarDirectoryOptions {
  /**
   * How the layer is compressed.
   *
   * @default {"gzip"}
   */
  readonly compression?: Compression;
  /**
   * How hard gzip works, from 1 to 9.
   *
   * @default {6}
   */
  readonly level?: number;
  /** Called with the number of bytes packed so far, before compression. */
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

/** What a packed directory turned out to be. */
export interface PackedLayer {
  /** The layer's media type. */
  readonly mediaType: string;
  /** The digest of the layer as it is stored. */
  readonly digest: string;
  /** The size of the layer as it is stored, in bytes. */
  readonly size: number;
  /** The digest of the uncompressed tar: the layer's DiffID. */
  readonly diffId: string;
}

/** A directory on its way into a layer. */
export interface PackingLayer {
  /** The layer's bytes. */
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** What they are, once the stream has been read to its end; fails as the stream does. */
  readonly result: Promise<PackedLayer>;
}

const LAYER_TYPES: Readonly<Record<Compression, string>> = {
  none: MediaTypes.layer,
  gzip: MediaTypes.layerGzip,
  zstd: MediaTypes.layerZstd,
};

/**
 * Packs a directory into a layer, as a stream; both digests and the size are
 * computed in the same pass. {@linkcode tarDirectory} says what goes in.
 *
 * @throws {LayerError} Through the stream: a file changed while it was read, or is of a kind that a layer cannot hold.
 *
 * @example
 * ```ts ignore
 * import { packDirectory } from "@gantry/oci/image/layer/node";
 *
 * const { stream, result } = packDirectory("dist", { prefix: "dist" });
 * await Deno.writeFile("dist.tar.gz", stream);
 * console.log((await result).digest);
 * ```
 */
export function packDirectory(
  directory: string,
  options: PackDirectoryOptions = {},
): PackingLayer {
  const done = Promise.withResolvers<PackedLayer>();
  // Whoever reads the stream sees the failure there.
  done.promise.catch(() => {});
  async function* pieces(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    try {
      done.resolve(yield* pack(directory, options));
    } catch (error) {
      done.reject(error);
      throw error;
    } finally {
      done.reject(new DOMException("The stream was cancelled", "AbortError"));
    }
  }
  return { stream: toStream(pieces()), result: done.promise };
}

/**
 * Packs a directory into a layer in a file, and says what the file holds. Content
 * that is there is replaced; on failure the file is removed.
 *
 * @throws {LayerError} A file changed while it was read, or is of a kind that a layer cannot hold.
 *
 * @example
 * ```ts
 * import { packDirectoryToFile } from "@gantry/oci/image/layer/node";
 * import { assertEquals } from "@std/assert";
 * import { mkdtemp, mkdir, rm, stat } from "node:fs/promises";
 *
 * const work = await mkdtemp("/tmp/pack-");
 * await mkdir(`${work}/dist`);
 * const layer = await packDirectoryToFile(`${work}/dist`, `${work}/dist.tar.gz`, { prefix: "dist" });
 * assertEquals((await stat(`${work}/dist.tar.gz`)).size, layer.size);
 * await rm(work, { recursive: true });
 * ```
 */
export async function packDirectoryToFile(
  directory: string,
  file: string,
  options: PackDirectoryOptions = {},
): Promise<PackedLayer> {
  const handle = await open(file, "w", 0o600);
  const pieces = pack(directory, options);
  let complete = false;
  try {
    while (true) {
      const { value, done } = await pieces.next();
      if (done) {
        complete = true;
        return value;
      }
      let rest: Uint8Array = value;
      while (rest.byteLength > 0) {
        const { bytesWritten } = await handle.write(rest);
        rest = rest.subarray(bytesWritten);
      }
    }
  } finally {
    if (!complete) await pieces.return(undefined as never).catch(() => {});
    await handle.close();
    if (!complete) await rm(file, { force: true });
  }
}

async function* pack(
  directory: string,
  options: PackDirectoryOptions,
): AsyncGenerator<Uint8Array<ArrayBuffer>, PackedLayer, undefined> {
  const { compression = "gzip", level = 6, onProgress, signal } = options;
  const plain = createHasher();
  const stored = createHasher();
  let packed = 0;
  async function* tar(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for await (const piece of tarDirectory(directory, options)) {
      await update(plain, piece);
      packed += piece.byteLength;
      onProgress?.(packed);
      if (compression === "none") yield piece;
      else yield* split(piece);
    }
  }
  let size = 0;
  for await (const piece of compress(tar(), compression, { level })) {
    signal?.throwIfAborted();
    if (compression !== "none") await update(stored, piece);
    size += piece.byteLength;
    yield piece;
  }
  const diffId = String(await plain.digest());
  return {
    mediaType: LAYER_TYPES[compression],
    digest: compression === "none" ? diffId : String(await stored.digest()),
    size,
    diffId,
  };
}

/** The one size that a compressor is fed with, since what it makes depends on it. */
const STEP = 64 * 1024;

function* split(
  piece: Uint8Array<ArrayBuffer>,
): Generator<Uint8Array<ArrayBuffer>> {
  for (let start = 0; start < piece.byteLength; start += STEP) {
    yield piece.subarray(start, start + STEP);
  }
}

async function update(hasher: Hasher, piece: Uint8Array): Promise<void> {
  const pending = hasher.update(piece);
  if (pending !== undefined) await pending;
}
