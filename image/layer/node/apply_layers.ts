import { mkdirSync, realpathSync, utimesSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { join, resolve } from "node:path";
import process from "node:process";
import { Digest } from "../../../digest/digest.ts";
import { chainId } from "../chain_id.ts";
import { type Compression, compressionOf } from "../compression.ts";
import { type EntryNameOptions, parseEntryName } from "../entry_name.ts";
import { UnsafeEntryError } from "../errors.ts";
import type { FileNameRules } from "../name_rules.ts";
import type { TarEntry } from "../read_tar.ts";
import { HOST_RULES } from "./_host_rules.ts";
import { readLayer } from "./_layer_reader.ts";
import { removeMade, removeTree } from "./_remove.ts";
import { Rootfs } from "./_rootfs.ts";
import { cloneTree, finishDirectories, syncTree } from "./_sync_tree.ts";
import type { DirectoryNode } from "./_tree_model.ts";
import { XattrWriter } from "./_xattrs.ts";
import { type ExtractLimits, withDefaults } from "../extract_limits.ts";

/** A layer, and what it must be. A descriptor with an `open` fits. */
export interface LayerInput {
  /** Gives the layer's bytes. It is called once, when the layers below have been applied. */
  open():
    | ReadableStream<Uint8Array<ArrayBuffer>>
    | Promise<ReadableStream<Uint8Array<ArrayBuffer>>>;
  /**
   * The layer's media type, which tells how it is compressed. Without it, and with
   * one that is no layer's, its first bytes tell.
   */
  readonly mediaType?: string | undefined;
  /** The digest that the layer must have as it is stored. */
  readonly digest?: string | undefined;
  /** The size in bytes that the layer must have as it is stored. */
  readonly size?: number | undefined;
  /** The digest that the uncompressed layer must have. */
  readonly diffId?: string | undefined;
}

/** Options of {@linkcode applyLayers}. */
export interface ApplyLayersOptions {
  /**
   * Whether files get the owners and the set-id bits that the layers name, which
   * only a privileged user can give; else they are the user's own.
   *
   * @default {"keep" for the superuser, "ignore" for others}
   */
  readonly owners?: "keep" | "ignore";
  /**
   * Whether files get their extended attributes: `keep` fails where they cannot be
   * set, `try` leaves these out and tells their names. Set are those of `user.`, and
   * where owners are kept, `security.capability`, `security.ima` and the lists of
   * POSIX for access; never what a union file system takes for its own. Only Deno can
   * set them, with `--allow-ffi`, and not on Windows.
   *
   * @default {"try"}
   */
  readonly xattrs?: "keep" | "try" | "ignore";
  /**
   * Whose rules names keep to. Where several names are one file by these, layers that
   * bring two of them are refused.
   *
   * @default {those of the system}
   */
  readonly nameRules?: FileNameRules | undefined;
  /** How much each layer may unpack to. */
  readonly limits?: ExtractLimits | undefined;
  /** Stops the work, which then fails with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What one layer turned out to be. */
export interface AppliedLayer {
  /** The digest of the uncompressed layer. */
  readonly diffId: string;
  /** The size of the uncompressed layer in bytes. */
  readonly size: number;
  /** The number of its entries, whiteouts included. */
  readonly entries: number;
  /** The names of entries that were left out, since they are devices or pipes. */
  readonly skipped: readonly string[];
  /** The names of extended attributes that could not be set, a hundred at most. */
  readonly unsetXattrs: readonly string[];
}

/** What a stack of layers turned out to be. */
export interface AppliedLayers {
  /** The layers, base first. */
  readonly layers: readonly AppliedLayer[];
  /** The ChainID of these layers; undefined where there is none. */
  readonly chainId: string | undefined;
}

/**
 * Applies layers to a directory, base first: what is there is the lowest layer.
 * The directory is made where it is missing.
 *
 * Whiteouts hide what lower layers have and nothing of their own layer, wherever
 * they stand in it. A directory takes the place of a directory and keeps its
 * content; any other entry replaces what is there. Links are kept as they stand
 * and never followed by the system: a parent that is a link is looked up as a
 * process with this root would, and refused where it leads out by `..`. Modes are
 * kept whatever the umask; times are kept, and extended attributes where they can be.
 *
 * The directory does not change before all layers have been read and checked.
 * Where anything fails, it is as it was. Follows image-spec `layer.md`.
 *
 * @throws {UnsafeEntryError} An entry would reach out of the directory, or is no valid whiteout.
 * @throws {LayerLimitError} A layer unpacks to more than it may.
 * @throws {DigestMismatchError} A layer has another digest than it must have.
 * @throws {LayerError} A layer is damaged or has another size than it must have, or extended attributes must be set and cannot be.
 *
 * @example
 * ```ts
 * import { applyLayers, diffDirectories, packLayer } from "@gantry/oci/image/layer/node";
 * import { assertEquals } from "@std/assert";
 * import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
 *
 * const work = await mkdtemp("/tmp/apply-");
 * await mkdir(`${work}/v1`);
 * await mkdir(`${work}/v2`);
 * await writeFile(`${work}/v1/old.txt`, "old");
 * await writeFile(`${work}/v2/new.txt`, "new");
 *
 * await applyLayers([
 *   { open: () => packLayer(`${work}/v1`).stream },
 *   { open: () => diffDirectories(`${work}/v1`, `${work}/v2`).stream },
 * ], `${work}/rootfs`);
 * assertEquals(await readdir(`${work}/rootfs`), ["new.txt"]);
 * await rm(work, { recursive: true });
 * ```
 */
export async function applyLayers(
  layers: Iterable<LayerInput> | AsyncIterable<LayerInput>,
  directory: string,
  options: ApplyLayersOptions = {},
): Promise<AppliedLayers> {
  const { signal } = options;
  const keepOwners = (options.owners ?? defaultOwners()) === "keep";
  const { nameRules = HOST_RULES, xattrs: mode = "try" } = options;
  let created: string | undefined;
  let work: string | undefined;
  let xattrs: XattrWriter | undefined;
  let complete = false;
  try {
    signal?.throwIfAborted();
    created = mkdirSync(directory, { recursive: true });
    const root = realpathSync(directory);
    work = await mkdtemp(join(root, ".gantry-"));
    const path = join(work, "tree");
    mkdirSync(path, { mode: 0o700 });
    const fresh = created !== undefined;
    xattrs = mode === "ignore"
      ? undefined
      : new XattrWriter(mode === "keep", keepOwners, fresh);
    const node = fresh ? undefined : cloneTree(root, path, xattrs, work);
    const rootfs = new Rootfs({
      path,
      nameRules,
      keepOwners,
      xattrs,
      ...node && { node },
    });
    const applied: AppliedLayer[] = [];
    for await (const layer of layers) {
      const read = await apply(layer, rootfs, { ...options, nameRules });
      applied.push({ ...read, unsetXattrs: xattrs?.takeUnset() ?? [] });
    }
    signal?.throwIfAborted();
    install(rootfs.node, path, root, work, xattrs);
    complete = true;
    return {
      layers: applied,
      chainId: await chainId(applied.map(({ diffId }) => diffId)),
    };
  } finally {
    xattrs?.close();
    if (work !== undefined && !complete) removeTree(work);
    if (!complete && created !== undefined) {
      await removeMade(resolve(directory), resolve(created));
    }
  }
}

/**
 * Applies one layer to a directory, as {@linkcode applyLayers} does.
 *
 * @throws {UnsafeEntryError} An entry would reach out of the directory, or is no valid whiteout.
 * @throws {LayerLimitError} The layer unpacks to more than it may.
 * @throws {DigestMismatchError} The layer has another digest than it must have.
 * @throws {LayerError} The layer is damaged or has another size than it must have.
 *
 * @example
 * ```ts
 * import { applyLayer, packLayer } from "@gantry/oci/image/layer/node";
 * import { assertEquals } from "@std/assert";
 * import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
 *
 * const work = await mkdtemp("/tmp/apply-");
 * await mkdir(`${work}/tree`);
 * await writeFile(`${work}/tree/a.txt`, "hello");
 *
 * const { stream, result } = packLayer(`${work}/tree`);
 * const { diffId } = await applyLayer({ open: () => stream }, `${work}/rootfs`);
 * assertEquals(diffId, (await result).diffId);
 * assertEquals(await readFile(`${work}/rootfs/a.txt`, "utf8"), "hello");
 * await rm(work, { recursive: true });
 * ```
 */
export async function applyLayer(
  layer: LayerInput,
  directory: string,
  options: ApplyLayersOptions = {},
): Promise<AppliedLayer> {
  return (await applyLayers([layer], directory, options)).layers[0]!;
}

async function apply(
  layer: LayerInput,
  rootfs: Rootfs,
  { limits: given, nameRules, signal }: ApplyLayersOptions & {
    readonly nameRules: FileNameRules;
  },
): Promise<Omit<AppliedLayer, "unsetXattrs">> {
  signal?.throwIfAborted();
  const { mediaType = "", digest, size, diffId } = layer;
  for (const text of [digest, diffId]) {
    if (text !== undefined) Digest.parse(text);
  }
  const compression: Compression | "auto" = compressionOf(mediaType) ?? "auto";
  const limits = withDefaults(given);
  const names = { maxLength: limits.maxNameLength, rules: nameRules };
  const skipped: string[] = [];
  const stream = await layer.open();
  rootfs.nextLayer();
  const read = await readLayer(
    stream,
    { compression, digest, size, diffId, limits, signal },
    (entry) => {
      const parts = partsOf(entry.header.name, names);
      const linked = linkOf(entry, names);
      const applied = rootfs.apply(entry, parts, linked);
      if (!applied) skipped.push(entry.header.name);
      return applied instanceof Promise ? applied : undefined;
    },
  );
  return { ...read, skipped };
}

/** Puts the finished tree in its place, or leaves all as it was. */
function install(
  node: DirectoryNode,
  path: string,
  root: string,
  work: string,
  xattrs: XattrWriter | undefined,
): void {
  const backup = join(work, "backup");
  mkdirSync(backup);
  const undo = syncTree({ from: path, into: root, backup, skip: work });
  try {
    finishDirectories(root, node, path, xattrs);
  } catch (error) {
    undo();
    throw error;
  }
  removeTree(work);
  const time = node.attributes?.mtime;
  if (time !== undefined) utimesSync(root, time, time);
}

/** What a hard link names, from the root on. */
function linkOf(
  { header: { name, type, linkname } }: TarEntry,
  names: EntryNameOptions & { readonly maxLength: number },
): readonly string[] | undefined {
  if (type === "symlink") {
    if (linkname.length > names.maxLength) {
      throw new UnsafeEntryError(
        name,
        `expected a link of at most ${names.maxLength} bytes`,
      );
    }
    if (!linkname.isWellFormed()) {
      throw new UnsafeEntryError(name, "expected its link's target in UTF-8");
    }
  }
  if (type !== "link") return undefined;
  try {
    return partsOf(linkname, names);
  } catch (error) {
    if (!(error instanceof UnsafeEntryError)) throw error;
    throw new UnsafeEntryError(name, `of its link: ${error.reason}`);
  }
}

/** The parts of a name. A leading slash means the root, as for other tools. */
function partsOf(name: string, options: EntryNameOptions): readonly string[] {
  const relative = name.replace(/^\/+/, "");
  return relative === "" && name !== ""
    ? []
    : parseEntryName(relative, options);
}

function defaultOwners(): "keep" | "ignore" {
  return process.getuid?.() === 0 ? "keep" : "ignore";
}
