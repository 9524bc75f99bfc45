import { lstatSync, realpathSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, sep } from "node:path";
import { createHasher, type Hasher } from "../../../digest/hasher.ts";
import { MediaTypes } from "../../media_type.ts";
import { compress, type Compression, toStream } from "../compression.ts";
import { LayerError } from "../errors.ts";
import { Blocks } from "./_blocks.ts";
import { makeOutputFile } from "./_output_file.ts";

/** How a layer is made of a tar. */
export interface PackOptions {
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
  /** Stops the work; the stream then fails with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
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

/** A tar on its way into a layer, as a stream. */
export function packStream(
  tar: AsyncIterable<Uint8Array<ArrayBuffer>>,
  options: PackOptions,
): PackingLayer {
  const done = Promise.withResolvers<PackedLayer>();
  // Whoever reads the stream sees the failure there.
  done.promise.catch(() => {});
  async function* pieces(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    try {
      done.resolve(yield* pack(tar, options));
    } catch (error) {
      done.reject(error);
      throw error;
    } finally {
      done.reject(new DOMException("The stream was cancelled", "AbortError"));
    }
  }
  return { stream: toStream(pieces()), result: done.promise };
}

/** Gives a directory's tar by blocks, without what has these names in there. */
type TarWriter = (
  blocks: Blocks,
  without: ReadonlySet<string>,
) => AsyncIterable<Uint8Array<ArrayBuffer>>;

/**
 * Writes a directory's tar into a layer's file, which gets its name when all of it is
 * written. A file in the directory itself is no part of the layer.
 */
export async function packFile(
  tar: TarWriter,
  directory: string,
  file: string,
  options: PackOptions,
): Promise<PackedLayer> {
  const there = ifAllowed(() => lstatSync(file, { throwIfNoEntry: false }));
  if (there !== undefined && !there.isFile() && !there.isSymbolicLink()) {
    throw new LayerError(
      "LAYER_CONFLICT",
      `Cannot pack into ${file}: expected a file in its place, or nothing`,
    );
  }
  const partial = `${file}.${crypto.randomUUID().slice(0, 8)}.tmp`;
  try {
    // All of the directory may be read: what is in there, too.
    const names = ifAllowed(() => [...namesIn(directory, [file, partial])]);
    const without = new Set(names);
    const packed = await writePacked(
      (blocks) => tar(blocks, without),
      partial,
      options,
    );
    await rename(partial, file);
    return packed;
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {});
    throw error;
  }
}

/** The names in a directory that lead to files, where these are in there. */
function* namesIn(
  directory: string,
  files: readonly string[],
): Generator<string, void, undefined> {
  for (const file of files) {
    const place = join(realpathSync(dirname(file)), basename(file));
    const name = relative(realpathSync(directory), place);
    if (!/^\.\.(?:[\\/]|$)/.test(name) && !isAbsolute(name)) {
      yield name.split(sep).join("/");
    }
  }
}

/** What a call gives, or undefined where it fails, as without the right to read. */
function ifAllowed<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch {
    return undefined;
  }
}

async function writePacked(
  tar: (blocks: Blocks) => AsyncIterable<Uint8Array<ArrayBuffer>>,
  file: string,
  options: PackOptions,
): Promise<PackedLayer> {
  const output = await makeOutputFile(file);
  const blocks = new Blocks();
  const pieces = pack(tar(blocks), options, (piece) => blocks.recycle(piece));
  const reuse = options.compression === "none";
  async function write(piece: Uint8Array<ArrayBuffer>): Promise<void> {
    await output.write(piece);
    if (reuse) blocks.recycle(piece);
  }
  // A piece is written while the next one is made.
  let writing: Promise<void> | undefined;
  let complete = false;
  try {
    while (true) {
      const { value, done } = await pieces.next();
      await writing;
      if (done) {
        complete = true;
        return value;
      }
      writing = write(value);
      // It may fail before anybody waits for it.
      writing.catch(() => {});
    }
  } finally {
    if (!complete) await pieces.return(undefined as never).catch(() => {});
    await writing?.catch(() => {});
    await output.close();
  }
}

async function* pack(
  source: AsyncIterable<Uint8Array<ArrayBuffer>>,
  options: PackOptions,
  recycle?: (piece: Uint8Array<ArrayBuffer>) => void,
): AsyncGenerator<Uint8Array<ArrayBuffer>, PackedLayer, undefined> {
  const { compression = "gzip", level = 6, onProgress, signal } = options;
  const plain = createHasher();
  const stored = createHasher();
  let packed = 0;
  async function* tar(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for await (const piece of source) {
      await update(plain, piece);
      packed += piece.byteLength;
      onProgress?.(packed);
      if (compression === "zstd") yield* split(piece);
      else yield piece;
      // Gzip has taken all of it; zstd may keep it for a while.
      if (compression === "gzip") recycle?.(piece);
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
