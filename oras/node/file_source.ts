import {
  closeSync,
  fstatSync,
  openSync,
  readSync,
  type Stats,
  statSync,
} from "node:fs";
import {
  type FileVersion,
  type InputFile,
  openInputFile,
  versionOf,
} from "../../distribution/node/_input_file.ts";
import type { Source } from "../../distribution/source.ts";
import { PathError } from "../errors.ts";
import { isNullDevice } from "../../distribution/node/_null_device.ts";
import { pathFailure } from "./_path_failure.ts";

const DEFAULT_CHUNK = 64 * 1024;

/**
 * Files up to this size are read at once, without another thread: under Deno that
 * takes a tenth of the time, and less than sending them takes.
 */
const SMALL_FILE = 256 * 1024;

/**
 * Makes a source of a file, whose size is what it has now.
 *
 * The file is opened anew for every reading, and read no further than that size.
 * A file that has changed since is noticed, so that a digest computed in one
 * reading holds for the next.
 *
 * @throws {PathError} There is no such file, or it is a directory, a pipe or a device other than the null device.
 *
 * @example
 * ```ts
 * import { fileSource } from "@gantry/oci/oras/node";
 * import { assertEquals } from "@std/assert";
 *
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, "hello");
 * const source = await fileSource(path);
 * assertEquals(source.size, 5);
 * assertEquals(await new Response(await source.open(1)).text(), "ello");
 * await Deno.remove(path);
 * ```
 */
export function fileSource(path: string): Promise<Source> {
  return new Promise((resolve) => {
    const seen = statFile(path);
    const source: Source = {
      size: seen.size,
      open: (offset = 0) => openFile(path, seen, offset),
    };
    const isSmall = seen.isFile() && seen.size <= SMALL_FILE;
    resolve(
      isSmall ? { ...source, bytes: () => readSmall(path, seen) } : source,
    );
  });
}

function statFile(path: string): Stats {
  let seen: Stats;
  try {
    seen = statSync(path);
  } catch (error) {
    throw pathFailure("read", path, error);
  }
  if (!seen.isFile() && !isNullDevice(seen)) {
    const kind = seen.isDirectory() ? "a directory" : "not a regular file";
    throw new PathError(
      "PATH_INVALID",
      `Cannot read ${path}: it is ${kind}`,
      path,
    );
  }
  return seen;
}

/** Reads a file whole, if it is still the one that was seen. */
function readSmall(path: string, seen: Stats): Uint8Array<ArrayBuffer> {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    throw pathFailure("read", path, error);
  }
  try {
    const bytes = new Uint8Array(seen.size);
    let filled = 0;
    while (filled < bytes.byteLength) {
      const count = readSync(file, bytes, filled, bytes.length - filled, null);
      if (count === 0) break;
      filled += count;
    }
    checkUnchanged(path, seen, versionOf(fstatSync(file)));
    return bytes;
  } catch (error) {
    throw pathFailure("read", path, error);
  } finally {
    closeSync(file);
  }
}

async function openFile(
  path: string,
  seen: Stats,
  offset: number,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  let file: InputFile;
  try {
    file = await openInputFile(path, offset);
  } catch (error) {
    throw pathFailure("read", path, error);
  }
  try {
    checkUnchanged(path, seen, await file.version());
  } catch (error) {
    await file.close();
    throw error;
  }
  let position = offset;
  return new ReadableStream({
    type: "bytes",
    autoAllocateChunkSize: DEFAULT_CHUNK,
    async pull(controller) {
      const request = controller.byobRequest!;
      const view = request.view as Uint8Array<ArrayBuffer>;
      try {
        const length = Math.min(view.byteLength, seen.size - position);
        const bytesRead = length > 0
          ? await file.read(view.subarray(0, length))
          : 0;
        position += bytesRead;
        if (bytesRead > 0) {
          request.respond(bytesRead);
          return;
        }
        // An early end is a change, too: the file has become shorter.
        checkUnchanged(path, seen, await file.version());
      } catch (error) {
        await file.close();
        throw error;
      }
      await file.close();
      controller.close();
      request.respond(0);
    },
    cancel: () => file.close(),
  }, { highWaterMark: 0 });
}

function checkUnchanged(path: string, before: Stats, now: FileVersion): void {
  if (before.isCharacterDevice()) return;
  const { size, modified, ino } = versionOf(before);
  if (size !== now.size || modified !== now.modified || ino !== now.ino) {
    throw new PathError(
      "PATH_CHANGED",
      `Cannot read ${path}: the file changed while it was being pushed`,
      path,
    );
  }
}
