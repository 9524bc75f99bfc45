import { readlinkSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { LayerError } from "../errors.ts";
import { encodeHeader } from "../_tar_header.ts";
import { type Found, walk } from "./_walk.ts";

/** Options of {@linkcode tarDirectory}. */
export interface TarDirectoryOptions {
  /**
   * What the entries' names begin with, in slashes: the directory itself is the entry
   * of this name, its content stands below. `.` and the empty text add nothing.
   *
   * @default {"."}
   */
  readonly prefix?: string;
  /**
   * The entries' times. `keep` rounds them to whole seconds; a date is given to all;
   * `clampTo` is given to those that are later, which is what `SOURCE_DATE_EPOCH` asks.
   *
   * @default {"keep"}
   */
  readonly mtime?: "keep" | Date | { readonly clampTo: Date };
  /** Stops the work; the stream then fails with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** The size of the pieces given out. */
const BLOCK = 1024 * 1024;
/** Files above this are read without stopping the event loop. */
const SMALL = 256 * 1024;

/**
 * Packs a directory into a tar, in pieces of 1 MiB and a shorter last one.
 *
 * The same tree gives the same bytes: names in the order of their bytes, owners 0
 * and nameless, permission and set-id bits kept, symbolic links as they stand, hard
 * links as copies, and two blocks of zeros at the end. The bytes are those that the
 * oras tools make.
 *
 * @throws {LayerError} A file changed while it was read, or is a socket, a pipe or a device.
 * @throws {TypeError} The prefix is absolute or has `..` in it.
 *
 * @example
 * ```ts ignore
 * import { tarDirectory } from "@gantry/oci/image/layer/node";
 *
 * for await (const piece of tarDirectory("dist", { prefix: "dist" })) {
 *   await Deno.stdout.write(piece);
 * }
 * ```
 */
export async function* tarDirectory(
  directory: string,
  options: TarDirectoryOptions = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const { signal } = options;
  signal?.throwIfAborted();
  const prefix = cleanPrefix(options.prefix ?? ".");
  const clock = clockOf(options.mtime ?? "keep");
  const blocks = new Blocks();
  for (const found of walk(directory)) {
    signal?.throwIfAborted();
    const { stats } = found;
    const isFile = stats.isFile();
    const isLink = stats.isSymbolicLink();
    if (found.name === "" && !stats.isDirectory()) {
      throw refusal(found.path, "expected a directory");
    }
    if (!isFile && !isLink && !stats.isDirectory()) {
      throw refusal(
        found.path,
        "expected a file, a directory or a symbolic link",
      );
    }
    const size = isFile ? Number(stats.size) : 0;
    const name = [prefix, found.name].filter((part) => part !== "").join("/");
    yield* blocks.add(encodeHeader({
      name: name === "" ? "." : name,
      type: isFile ? "0" : isLink ? "2" : "5",
      size,
      mode: Number(stats.mode) & 0o7777,
      mtime: clock(stats.mtimeNs),
      linkname: isLink ? readlinkSync(found.path) : "",
    }));
    if (!isFile) continue;
    if (size <= SMALL) yield* smallFile(blocks, found, size);
    else yield* largeFile(blocks, found, size, signal);
    yield* blocks.add(new Uint8Array(-size & 511));
  }
  yield* blocks.add(new Uint8Array(1024));
  yield* blocks.end();
}

/** A buffer that is filled in place and given out whole. */
class Blocks {
  #buffer = new Uint8Array(BLOCK);
  #used = 0;

  /** Where the next bytes go; never empty. */
  get space(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(this.#used);
  }

  /** Takes note that bytes were put into the space, and gives the block out if it is full. */
  *advance(count: number): Generator<Uint8Array<ArrayBuffer>> {
    this.#used += count;
    if (this.#used < BLOCK) return;
    const full = this.#buffer;
    this.#buffer = new Uint8Array(BLOCK);
    this.#used = 0;
    yield full;
  }

  /** Copies bytes in. */
  *add(bytes: Uint8Array): Generator<Uint8Array<ArrayBuffer>> {
    let rest = bytes;
    while (rest.byteLength > 0) {
      const part = rest.subarray(0, this.space.byteLength);
      this.space.set(part);
      rest = rest.subarray(part.byteLength);
      yield* this.advance(part.byteLength);
    }
  }

  /** Gives out what is left. */
  *end(): Generator<Uint8Array<ArrayBuffer>> {
    if (this.#used > 0) yield this.#buffer.subarray(0, this.#used);
  }
}

// A link that took the file's place since it was looked at is not followed.
const READ = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0);

function* smallFile(
  blocks: Blocks,
  found: Found,
  size: number,
): Generator<Uint8Array<ArrayBuffer>> {
  const file = openSync(found.path, READ);
  try {
    if (Number(fstatSync(file).size) !== size) throw changed(found.path);
    let left = size;
    while (left > 0) {
      const space = blocks.space;
      const count = readSync(
        file,
        space,
        0,
        Math.min(left, space.length),
        null,
      );
      if (count === 0) throw changed(found.path);
      left -= count;
      yield* blocks.advance(count);
    }
  } finally {
    closeSync(file);
  }
}

async function* largeFile(
  blocks: Blocks,
  found: Found,
  size: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const file: FileHandle = await open(found.path, READ);
  try {
    if ((await file.stat()).size !== size) throw changed(found.path);
    let left = size;
    while (left > 0) {
      signal?.throwIfAborted();
      const space = blocks.space;
      const count = Math.min(left, space.length);
      const { bytesRead } = await file.read(space, 0, count, null);
      if (bytesRead === 0) throw changed(found.path);
      left -= bytesRead;
      yield* blocks.advance(bytesRead);
    }
    if ((await file.stat()).size !== size) throw changed(found.path);
  } finally {
    await file.close();
  }
}

function changed(path: string): LayerError {
  return refusal(path, "expected its size to stay, but it changed");
}

function refusal(path: string, reason: string): LayerError {
  return new LayerError("LAYER_SOURCE", `Cannot pack ${path}: ${reason}`);
}

function cleanPrefix(prefix: string): string {
  const parts = prefix.split("/").filter((part) => part !== "" && part !== ".");
  if (prefix.startsWith("/") || parts.includes("..")) {
    throw new TypeError(
      `Cannot pack under ${JSON.stringify(prefix)}: expected a relative path`,
    );
  }
  return parts.join("/");
}

/** How an entry's time follows from the file's, in whole seconds, rounded as Go does. */
function clockOf(
  mtime: NonNullable<TarDirectoryOptions["mtime"]>,
): (nanoseconds: bigint) => number {
  if (mtime instanceof Date) {
    const fixed = seconds(mtime);
    return () => fixed;
  }
  const limit = mtime === "keep" ? Infinity : seconds(mtime.clampTo);
  return (nanoseconds) => {
    const half = nanoseconds < 0n ? -500_000_000n : 500_000_000n;
    const rounded = Number((nanoseconds + half) / 1_000_000_000n);
    return Math.min(rounded, limit);
  };
}

function seconds(date: Date): number {
  const value = Math.floor(date.getTime() / 1000);
  if (Number.isNaN(value)) {
    throw new RangeError("Cannot pack with an invalid date");
  }
  return value;
}
