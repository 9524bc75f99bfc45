import { lstatSync, mkdirSync, realpathSync } from "node:fs";
import { mkdtemp, rm, rmdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { platform } from "node:process";
import { Digest } from "../../../digest/digest.ts";
import { DigestMismatchError } from "../../../digest/errors.ts";
import { createHasher } from "../../../digest/hasher.ts";
import { type Compression, decompress } from "../compression.ts";
import { parseEntryName } from "../entry_name.ts";
import { LayerError, LayerLimitError, UnsafeEntryError } from "../errors.ts";
import { readTar, type TarEntry } from "../read_tar.ts";
import { mergeTree } from "./_merge.ts";
import {
  finishDirectory,
  finishFile,
  type MadeDirectory,
  Staging,
  writeAll,
} from "./_staging.ts";

/** How much a layer may unpack to. */
export interface ExtractLimits {
  /**
   * Bytes of the uncompressed archive.
   *
   * @default {137438953472}
   */
  readonly maxBytes?: number;
  /**
   * Entries.
   *
   * @default {1000000}
   */
  readonly maxEntries?: number;
  /**
   * Bytes unpacked for each byte read, looked at from 64 MiB on.
   *
   * @default {500}
   */
  readonly maxRatio?: number;
  /**
   * UTF-8 bytes of an entry's name and of a link's target.
   *
   * @default {4096}
   */
  readonly maxNameLength?: number;
}

/** Options of {@linkcode extractDirectory}. */
export interface ExtractDirectoryOptions {
  /**
   * What every entry's name must begin with, in slashes. Links must stay below it, too.
   *
   * @default {"."}
   */
  readonly prefix?: string;
  /** The digest that the uncompressed archive must have. */
  readonly diffId?: string | undefined;
  /**
   * How the layer is compressed; `auto` sees it from its first bytes.
   *
   * @default {"auto"}
   */
  readonly compression?: Compression | "auto";
  /**
   * Whether a file that is there already is refused, and not replaced.
   *
   * @default {false}
   */
  readonly keepExisting?: boolean;
  /** How much it may unpack to. */
  readonly limits?: ExtractLimits | undefined;
  /** Stops the work, which then fails with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What was unpacked. */
export interface ExtractedLayer {
  /** The digest of the uncompressed archive. */
  readonly diffId: string;
  /** The size of the uncompressed archive in bytes. */
  readonly size: number;
  /** The number of entries. */
  readonly entries: number;
  /** The names of entries that were left out, since they are devices or pipes. */
  readonly skipped: readonly string[];
}

/**
 * Unpacks a layer into a directory, safely: nothing is written outside, nothing is
 * seen under its final name before the whole layer has been read and its digest
 * checked, and nothing is left behind where it fails.
 *
 * Files of the same name are replaced; directories are merged. Permission bits are
 * kept as far as the umask allows, set-id bits are dropped, times are kept, owners
 * are not. Symbolic links must lead to a place below the prefix. Devices and pipes
 * are left out. The image floor's README has the whole table.
 *
 * @throws {UnsafeEntryError} An entry would reach out of the directory.
 * @throws {LayerLimitError} The layer unpacks to more than it may.
 * @throws {DigestMismatchError} The uncompressed archive has another digest.
 * @throws {LayerError} The archive is damaged, or a directory and a file would take each other's place.
 *
 * @example
 * ```ts
 * import { extractDirectory, packDirectory } from "@gantry/oci/image/layer/node";
 * import { assertEquals } from "@std/assert";
 * import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
 *
 * const work = await mkdtemp("/tmp/extract-");
 * await mkdir(`${work}/dist`);
 * await writeFile(`${work}/dist/a.txt`, "hello");
 *
 * const { stream } = packDirectory(`${work}/dist`, { prefix: "dist" });
 * await extractDirectory(stream, `${work}/out`, { prefix: "dist" });
 * assertEquals(await readFile(`${work}/out/dist/a.txt`, "utf8"), "hello");
 * await rm(work, { recursive: true });
 * ```
 */
export async function extractDirectory(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  outputDirectory: string,
  options: ExtractDirectoryOptions = {},
): Promise<ExtractedLayer> {
  const { signal } = options;
  const expected = options.diffId === undefined
    ? undefined
    : Digest.parse(options.diffId);
  const prefix = parsePrefix(options.prefix ?? ".");
  let created: string | undefined;
  let work: string | undefined;
  let complete = false;
  try {
    signal?.throwIfAborted();
    created = mkdirSync(outputDirectory, { recursive: true });
    const root = realpathSync(outputDirectory);
    work = await mkdtemp(join(root, ".gantry-"));
    const staged = join(work, "tree");
    const staging = new Staging(staged, prefix);
    const layer = await unpack(stream, staging, prefix, expected, options);
    staging.checkLinks();
    const directories = newDirectories(staging, root);
    signal?.throwIfAborted();
    mkdirSync(join(work, "backup"));
    mergeTree({
      from: staged,
      into: root,
      backup: join(work, "backup"),
      keepExisting: options.keepExisting ?? false,
    });
    complete = true;
    for (const { parts, header } of directories) {
      finishDirectory(join(root, ...parts), header);
    }
    return layer;
  } finally {
    if (!complete && !stream.locked) await stream.cancel().catch(() => {});
    if (work !== undefined) await rm(work, { recursive: true, force: true });
    if (!complete && created !== undefined) {
      await removeMade(resolve(outputDirectory), resolve(created));
    }
  }
}

async function unpack(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  staging: Staging,
  prefix: readonly string[],
  expected: Digest | undefined,
  options: ExtractDirectoryOptions,
): Promise<ExtractedLayer> {
  const { compression = "auto", limits = {}, signal } = options;
  const {
    maxBytes = 128 * 1024 ** 3,
    maxEntries = 1_000_000,
    maxRatio = 500,
    maxNameLength = 4096,
  } = limits;
  const hasher = createHasher(expected?.algorithm);
  let read = 0;
  let size = 0;
  async function* counted(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for await (const chunk of abortable(stream, signal)) {
      read += chunk.byteLength;
      yield chunk;
    }
  }
  async function* tar(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for await (const chunk of decompress(counted(), compression)) {
      size += chunk.byteLength;
      if (size > maxBytes) {
        throw new LayerLimitError(`at most ${maxBytes} bytes in all`);
      }
      if (size > RATIO_FLOOR && size > read * maxRatio) {
        throw new LayerLimitError(
          `at most ${maxRatio} bytes for each byte read`,
        );
      }
      const pending = hasher.update(chunk);
      if (pending !== undefined) await pending;
      yield chunk;
    }
  }
  const skipped: string[] = [];
  let entries = 0;
  const archive = readTar(tar());
  try {
    while (true) {
      const { value: entry, done } = await archive.next();
      if (done) break;
      if (++entries > maxEntries) {
        throw new LayerLimitError(`at most ${maxEntries} entries`);
      }
      const parts = placeOf(entry.header.name, prefix, maxNameLength);
      const placed = await place(entry, parts, staging, {
        prefix,
        maxNameLength,
        // What breaks a body comes with its right name from the archive.
        onBodyError: () => archive.next(),
      });
      if (!placed) skipped.push(entry.header.name);
    }
  } finally {
    await archive.return();
  }
  const digest = await hasher.digest();
  if (expected !== undefined && !digest.equals(expected)) {
    throw new DigestMismatchError(String(expected), String(digest));
  }
  return { diffId: String(digest), size, entries, skipped };
}

/** Below this, a ratio says nothing: a layer of zeros is small either way. */
const RATIO_FLOOR = 64 * 1024 * 1024;

interface PlaceContext {
  readonly prefix: readonly string[];
  readonly maxNameLength: number;
  readonly onBodyError: () => Promise<unknown>;
}

/** Puts one entry into the staged tree; says no where it is left out. */
async function place(
  entry: TarEntry,
  parts: readonly string[],
  staging: Staging,
  context: PlaceContext,
): Promise<boolean> {
  const { header } = entry;
  if (
    parts.length === context.prefix.length && header.type !== "directory"
  ) {
    throw new UnsafeEntryError(
      header.name,
      "expected the root to be a directory",
    );
  }
  if (Object.keys(header.pax).some((key) => key.startsWith("GNU.sparse."))) {
    throw new LayerError(
      "LAYER_INVALID",
      "Cannot read layer: sparse files are not supported",
    );
  }
  switch (header.type) {
    case "directory":
      staging.addDirectory(parts, header);
      return true;
    case "symlink":
      if (header.linkname.length > context.maxNameLength) {
        throw new UnsafeEntryError(
          header.name,
          `expected a link of at most ${context.maxNameLength} bytes`,
        );
      }
      staging.addSymlink(parts, header);
      return true;
    case "link": {
      const { prefix, maxNameLength } = context;
      const target = placeOf(header.linkname, prefix, maxNameLength, header);
      staging.addHardLink(parts, target, header);
      return true;
    }
    case "file":
      await writeFile(entry, staging.addFile(parts, header), context);
      return true;
    default:
      return false;
  }
}

async function writeFile(
  { header, body }: TarEntry,
  file: number,
  context: PlaceContext,
): Promise<void> {
  const reader = body.getReader();
  try {
    while (true) {
      let next: ReadableStreamReadResult<Uint8Array<ArrayBuffer>>;
      try {
        next = await reader.read();
      } catch (error) {
        await context.onBodyError();
        throw error;
      }
      if (next.done) break;
      writeAll(file, next.value);
    }
  } finally {
    reader.releaseLock();
    finishFile(file, header);
  }
}

/** An entry's place below the root, which must be the prefix or below it. */
function placeOf(
  name: string,
  prefix: readonly string[],
  maxLength: number,
  link?: { readonly name: string },
): readonly string[] {
  let parts: readonly string[];
  try {
    parts = parseEntryName(name, { maxLength, windows: platform === "win32" });
  } catch (error) {
    if (link === undefined || !(error instanceof UnsafeEntryError)) throw error;
    throw new UnsafeEntryError(link.name, `of its link: ${error.reason}`);
  }
  if (!prefix.every((part, index) => parts[index] === part)) {
    throw new UnsafeEntryError(
      link?.name ?? name,
      `expected ${link === undefined ? "its name" : "its link"} to be below ${
        JSON.stringify(prefix.join("/"))
      }`,
    );
  }
  return parts;
}

function parsePrefix(prefix: string): readonly string[] {
  const parts = prefix.split("/").filter((part) => part !== "" && part !== ".");
  if (prefix.startsWith("/") || parts.includes("..")) {
    throw new UnsafeEntryError(prefix, "expected a relative path");
  }
  return prefix === "" ? [] : parseEntryName(prefix, {
    windows: platform === "win32",
  });
}

/** The directories of the archive that the output does not have yet, deepest first. */
function newDirectories(staging: Staging, root: string): MadeDirectory[] {
  return [...staging.directories()].filter(({ parts }) =>
    parts.length > 0 &&
    lstatSync(join(root, ...parts), { throwIfNoEntry: false }) === undefined
  ).sort((a, b) => b.parts.length - a.parts.length);
}

/** Removes the empty directories that were made for the output. */
async function removeMade(from: string, first: string): Promise<void> {
  for (let path = from;; path = dirname(path)) {
    await rmdir(path).catch(() => {});
    if (path === first || path === dirname(path)) return;
  }
}

/** A stream's pieces; an abort ends even a read that waits. */
async function* abortable(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const reader = stream.getReader();
  function abort(): void {
    reader.cancel(signal!.reason).catch(() => {});
  }
  signal?.addEventListener("abort", abort);
  let ended = false;
  try {
    while (true) {
      signal?.throwIfAborted();
      const { value, done } = await reader.read();
      if (done) break;
      yield value;
    }
    // A cancelled stream looks like one that ended.
    signal?.throwIfAborted();
    ended = true;
  } finally {
    signal?.removeEventListener("abort", abort);
    if (!ended) await reader.cancel(signal?.reason).catch(() => {});
    reader.releaseLock();
  }
}
