import { lstat, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { byteReader } from "../../digest/_tap_stream.ts";
import {
  openOutputFile,
  type OutputFile,
} from "../../distribution/node/_output_file.ts";
import { pathExists } from "../_path_exists.ts";
import { pathFailure } from "./_path_failure.ts";

const MAX_BUFFER = 1024 * 1024;

/** How {@linkcode writeVerifiedFile} writes. */
export interface WriteFileOptions {
  /**
   * The size that is expected, in bytes: buffers are no larger than that. It is not
   * checked.
   *
   * @default {unknown: buffers of 1 MiB}
   */
  readonly size?: number | undefined;
  /**
   * Replace a file that exists.
   *
   * @default {true}
   */
  readonly overwrite?: boolean | undefined;
  /** Told after every piece how many bytes have been taken in all. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
  /** Ends the writing. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes a stream to a file that appears under its name when the stream has ended
 * well, and not before.
 *
 * The stream is one that fails on bad content, as those of `blobs.get()` and
 * `verifyStream()`. Its content goes to a temporary file in the same directory, which
 * must exist; that file is renamed at the end, and removed on any failure. A
 * symbolic link of the file's name is replaced, never followed. While one piece is
 * written the next is read and verified. A byte stream is read without copies.
 *
 * @throws {PathError} The file cannot be written, or exists and must not be replaced.
 *
 * @example
 * ```ts
 * import { writeVerifiedFile } from "@gantry/oci/oras/node";
 * import { assertEquals } from "@std/assert";
 *
 * const directory = await Deno.makeTempDir();
 * const path = `${directory}/hello.txt`;
 * await writeVerifiedFile(path, new Blob(["hello"]).stream());
 * assertEquals(await Deno.readTextFile(path), "hello");
 * await Deno.remove(directory, { recursive: true });
 * ```
 */
export async function writeVerifiedFile(
  path: string,
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  options: WriteFileOptions = {},
): Promise<void> {
  const partial = join(dirname(path), partialName(basename(path)));
  let file: OutputFile;
  try {
    options.signal?.throwIfAborted();
    // Never through something that stands there already.
    file = await openOutputFile(partial);
  } catch (error) {
    await stream.cancel(error).catch(() => {});
    throw pathFailure("write", path, error);
  }
  try {
    try {
      await drain(stream, file, options);
    } finally {
      await file.close();
    }
    options.signal?.throwIfAborted();
    if (options.overwrite === false) await refuseExisting(path);
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw pathFailure("write", path, error);
  }
}

/** A name for a file that is not complete, unlike any other. */
function partialName(name: string): string {
  const random = crypto.getRandomValues(new Uint8Array(6));
  const suffix = Array.from(
    random,
    (byte) => byte.toString(16).padStart(2, "0"),
  )
    .join("");
  // A name may have 255 bytes; in UTF-8 one code unit takes at most three.
  return `.gantry-${suffix}-${name.slice(0, 64)}`;
}

async function refuseExisting(path: string): Promise<void> {
  const existing = await lstat(path).catch(() => undefined);
  if (existing !== undefined) throw pathExists(path);
}

/**
 * Reads and writes at the same time: the write of one buffer runs on the runtime's
 * own thread while the next is filled and hashed.
 */
async function drain(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  file: OutputFile,
  options: WriteFileOptions,
): Promise<void> {
  const { size = MAX_BUFFER, onBytes, signal } = options;
  const reader = byteReader(stream);
  const free: ArrayBuffer[] = [];
  const buffer = Math.max(1, Math.min(MAX_BUFFER, size));
  let writing: Promise<void> = Promise.resolve();
  let taken = 0;
  const abort = () => void reader.cancel(signal?.reason).catch(() => {});
  signal?.addEventListener("abort", abort, { once: true });
  try {
    while (true) {
      const view = new Uint8Array(free.pop() ?? new ArrayBuffer(buffer));
      const { value, done } = await reader.read(view, {
        min: view.byteLength,
      });
      signal?.throwIfAborted();
      await writing;
      if (value?.byteLength) {
        taken += value.byteLength;
        writing = writeAll(file, value, free);
        // A failed write is met at the next turn; until then it is not unhandled.
        writing.catch(() => {});
        onBytes?.(taken);
      }
      if (done) break;
    }
    await writing;
  } catch (error) {
    await writing.catch(() => {});
    await reader.cancel(error).catch(() => {});
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

async function writeAll(
  file: OutputFile,
  bytes: Uint8Array<ArrayBuffer>,
  free: ArrayBuffer[],
): Promise<void> {
  await file.write(bytes);
  free.push(bytes.buffer);
}
