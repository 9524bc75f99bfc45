import { Blocks } from "./_blocks.ts";
import { clockOf, type LayerTime } from "./_clock.ts";
import { addEntry } from "./_entry.ts";
import { refusal } from "./_refusal.ts";
import { walk } from "./_walk.ts";

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
  readonly mtime?: LayerTime;
  /** Stops the work; the stream then fails with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

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
 * ```ts
 * import { readTar } from "@gantry/oci/image/layer";
 * import { tarDirectory } from "@gantry/oci/image/layer/node";
 * import { assertEquals } from "@std/assert";
 * import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
 *
 * const work = await mkdtemp("/tmp/tar-");
 * await mkdir(`${work}/dist`);
 * await writeFile(`${work}/dist/app.js`, "export {};");
 *
 * const tar = tarDirectory(`${work}/dist`, { prefix: "dist" });
 * const names = await Array.fromAsync(readTar(tar), ({ header }) => header.name);
 * assertEquals(names, ["dist", "dist/app.js"]);
 * await rm(work, { recursive: true });
 * ```
 */
export function tarDirectory(
  directory: string,
  options: TarDirectoryOptions = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  return writeDirectory(new Blocks(), directory, options);
}

/** As {@linkcode tarDirectory}, by blocks that the caller may give back, and without what has these names. */
export async function* writeDirectory(
  blocks: Blocks,
  directory: string,
  options: TarDirectoryOptions,
  without: ReadonlySet<string> = NOTHING,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const { signal } = options;
  signal?.throwIfAborted();
  const prefix = cleanPrefix(options.prefix ?? ".");
  const clock = clockOf(options.mtime ?? "keep");
  for (const found of walk(directory)) {
    signal?.throwIfAborted();
    if (without.has(found.name)) continue;
    const { kind, path } = found;
    if (found.name === "" && kind !== "directory") {
      throw refusal(path, "expected a directory");
    }
    const name = prefix === "" || found.name === ""
      ? prefix + found.name
      : `${prefix}/${found.name}`;
    const adding = addEntry(blocks, found, {
      name: name === "" ? "." : name,
      mtime: clock(found.time),
    }, signal);
    if (adding !== undefined) yield* adding;
    for (const piece of blocks.take()) yield piece;
  }
  blocks.addEnd();
  yield* blocks.end();
}

const NOTHING: ReadonlySet<string> = new Set();

function cleanPrefix(prefix: string): string {
  const parts = prefix.split("/").filter((part) => part !== "" && part !== ".");
  if (prefix.startsWith("/") || parts.includes("..")) {
    throw new TypeError(
      `Cannot pack under ${JSON.stringify(prefix)}: expected a relative path`,
    );
  }
  return parts.join("/");
}
