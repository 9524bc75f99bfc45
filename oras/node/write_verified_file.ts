import { rm } from "node:fs/promises";
import {
  openOutputFile,
  type OutputFile,
} from "../../distribution/node/_output_file.ts";
import { pathFailure } from "./_path_failure.ts";
import { publish, temporaryPath } from "./_temporary_file.ts";
import { writeStream } from "./_write_stream.ts";

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
  const partial = temporaryPath(path);
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
      await writeStream(stream, file, options);
    } finally {
      await file.close();
    }
    options.signal?.throwIfAborted();
    await publish(partial, path, options);
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {});
    throw pathFailure("write", path, error);
  }
}
