import { lstatSync, mkdirSync, realpathSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { errorCode } from "../../../digest/_error_code.ts";
import { Digest } from "../../../digest/digest.ts";
import type { Compression } from "../compression.ts";
import { parseEntryName } from "../entry_name.ts";
import { UnsafeEntryError } from "../errors.ts";
import type { FileNameRules } from "../name_rules.ts";
import type { ArchiveEntry } from "../_tar_reader.ts";
import { finishDirectory, finishFile } from "./_file_attributes.ts";
import { HOST_RULES } from "./_host_rules.ts";
import { readLayer } from "./_layer_reader.ts";
import type { MadeDirectory } from "./_made_directories.ts";
import { mergeTree } from "./_merge.ts";
import { removeMade } from "./_remove.ts";
import { Staging } from "./_staging.ts";
import { writeEntry } from "./_write_entry.ts";
import { type ExtractLimits, withDefaults } from "../extract_limits.ts";

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
  /**
   * Whose rules names keep to. Where several names are one file by these, an archive
   * that has two of them is refused.
   *
   * @default {those of the system}
   */
  readonly nameRules?: FileNameRules | undefined;
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
  if (options.diffId !== undefined) Digest.parse(options.diffId);
  const { nameRules = HOST_RULES } = options;
  const prefix = parsePrefix(options.prefix ?? ".", nameRules);
  let created: string | undefined;
  let work: string | undefined;
  let complete = false;
  try {
    signal?.throwIfAborted();
    created = mkdirSync(outputDirectory, { recursive: true });
    const root = realpathSync(outputDirectory);
    work = await mkdtemp(join(root, ".gantry-"));
    const staged = join(work, "tree");
    const staging = new Staging(staged, prefix, nameRules);
    const layer = await unpack(stream, staging, prefix, {
      ...options,
      nameRules,
    });
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
  options: ExtractDirectoryOptions & { readonly nameRules: FileNameRules },
): Promise<ExtractedLayer> {
  const { compression = "auto", diffId, nameRules, signal } = options;
  const limits = withDefaults(options.limits);
  const { maxNameLength } = limits;
  const skipped: string[] = [];
  const layer = await readLayer(
    stream,
    { compression, diffId, limits, signal },
    (entry) => {
      const { name } = entry.header;
      const context = { prefix, maxNameLength, nameRules };
      const parts = placeOf(name, context);
      const placed = place(entry, parts, staging, context);
      if (!placed) skipped.push(name);
      return placed instanceof Promise ? placed : undefined;
    },
  );
  return { ...layer, skipped };
}

interface PlaceContext {
  readonly prefix: readonly string[];
  readonly maxNameLength: number;
  readonly nameRules: FileNameRules;
}

/** Puts one entry into the staged tree; says no where it is left out, and waits only for files. */
function place(
  entry: ArchiveEntry,
  parts: readonly string[],
  staging: Staging,
  context: PlaceContext,
): boolean | Promise<void> {
  const { header } = entry;
  if (
    parts.length === context.prefix.length && header.type !== "directory"
  ) {
    throw new UnsafeEntryError(
      header.name,
      "expected the root to be a directory",
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
      const target = placeOf(header.linkname, context, header);
      staging.addHardLink(parts, target, header);
      return true;
    }
    case "file":
      return writeFile(entry, staging.addFile(parts, header)) ?? true;
    default:
      return false;
  }
}

function writeFile(
  entry: ArchiveEntry,
  { file, path }: { readonly file: number; readonly path: string },
): Promise<void> | undefined {
  let writing: Promise<void> | undefined;
  try {
    writing = writeEntry(entry, file, path);
    return writing?.finally(() => finishFile(file, entry.header));
  } finally {
    if (writing === undefined) finishFile(file, entry.header);
  }
}

/** An entry's place below the root, which must be the prefix or below it. */
function placeOf(
  name: string,
  { prefix, maxNameLength: maxLength, nameRules: rules }: PlaceContext,
  link?: { readonly name: string },
): readonly string[] {
  let parts: readonly string[];
  try {
    parts = parseEntryName(name, { maxLength, rules });
  } catch (error) {
    if (link === undefined || !(error instanceof UnsafeEntryError)) throw error;
    throw new UnsafeEntryError(
      link.name,
      `in the target of its link, ${error.reason}`,
    );
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

function parsePrefix(prefix: string, rules: FileNameRules): readonly string[] {
  const parts = prefix.split("/").filter((part) => part !== "" && part !== ".");
  if (prefix.startsWith("/") || parts.includes("..")) {
    throw new UnsafeEntryError(prefix, "expected a relative path");
  }
  return prefix === "" ? [] : parseEntryName(prefix, { rules });
}

/** The directories of the archive that the output does not have yet, deepest first. */
function newDirectories(staging: Staging, root: string): MadeDirectory[] {
  return [...staging.directories].filter(({ parts }) =>
    parts.length > 0 && isFree(join(root, ...parts))
  ).sort((a, b) => b.parts.length - a.parts.length);
}

function isFree(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) === undefined;
  } catch (error) {
    // A file stands above, which is refused later.
    if (errorCode(error) === "ENOTDIR") return true;
    throw error;
  }
}
