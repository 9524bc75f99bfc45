import type { WrittenHeader } from "../_tar_header.ts";
import { WHITEOUT_PREFIX } from "../whiteout.ts";
import { Blocks } from "./_blocks.ts";
import { clockOf, type LayerTime } from "./_clock.ts";
import { addEntry } from "./_entry.ts";
import { refusal } from "./_refusal.ts";
import { changes } from "./_scan.ts";
import { XattrReader } from "./_xattrs.ts";

/** Options of {@linkcode tarChanges}. */
export interface TarChangesOptions {
  /**
   * The tree that the layers below give. Only what differs from it goes in, with a
   * whiteout for what is gone. Without it, all goes in.
   */
  readonly base?: string | undefined;
  /**
   * The entries' times; with a date, times make no difference to a base.
   *
   * @default {"keep"}
   */
  readonly mtime?: LayerTime;
  /**
   * The entries' owners: those of the files, by number, or 0 for all.
   *
   * @default {"normalize"}
   */
  readonly owners?: "keep" | "normalize";
  /**
   * What becomes of a file of several names: links to its first entry, or copies.
   *
   * @default {"keep"}
   */
  readonly hardLinks?: "keep" | "copy";
  /**
   * What becomes of extended attributes: those of `user.` go in, and where owners are
   * kept, `security.capability`, `security.ima` and the lists of POSIX for access.
   * Only Deno can read them, with `--allow-ffi`, and not on Windows.
   *
   * @default {"ignore"}
   */
  readonly xattrs?: "keep" | "ignore";
  /** Stops the work; the stream then fails with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Packs what makes one tree of another into the tar of an image's layer, in pieces
 * of 1 MiB and a shorter last one.
 *
 * The same trees give the same bytes: a directory before its content, in there
 * first the whiteouts, names in the order of their bytes. The root itself is no
 * entry, so that the mode of a work directory does not become that of `/`. Content
 * is compared byte by byte, unless it is one file. Follows image-spec `layer.md`.
 *
 * @throws {LayerError} A file changed while it was read, is a socket, a pipe or a device, or has a whiteout's name; or extended attributes are wanted and cannot be read.
 *
 * @example
 * ```ts
 * import { readTar } from "@gantry/oci/image/layer";
 * import { tarChanges } from "@gantry/oci/image/layer/node";
 * import { assertEquals } from "@std/assert";
 * import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
 *
 * const work = await mkdtemp("/tmp/diff-");
 * await mkdir(`${work}/v1/etc`, { recursive: true });
 * await mkdir(`${work}/v2`);
 * await writeFile(`${work}/v2/motd`, "hello");
 *
 * const names: string[] = [];
 * for await (const { header } of readTar(tarChanges(`${work}/v2`, { base: `${work}/v1` }))) {
 *   names.push(header.name);
 * }
 * assertEquals(names, [".wh.etc", "motd"]);
 * await rm(work, { recursive: true });
 * ```
 */
export function tarChanges(
  directory: string,
  options: TarChangesOptions = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  return writeChanges(new Blocks(), directory, options);
}

/** As {@linkcode tarChanges}, by blocks that the caller may give back, and without what has these names. */
export async function* writeChanges(
  blocks: Blocks,
  directory: string,
  options: TarChangesOptions,
  without: ReadonlySet<string> = new Set(),
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const xattrs = options.xattrs === "keep"
    ? new XattrReader(options.owners === "keep")
    : undefined;
  try {
    yield* write(blocks, directory, options, xattrs, without);
  } finally {
    xattrs?.close();
  }
}

async function* write(
  blocks: Blocks,
  directory: string,
  options: TarChangesOptions,
  xattrs: XattrReader | undefined,
  without: ReadonlySet<string>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const { base, hardLinks = "keep", owners = "normalize", signal } = options;
  const clock = clockOf(options.mtime ?? "keep");
  const comparison = {
    clock,
    owners: owners === "keep",
    hardLinks: hardLinks === "keep",
    xattrs,
  };
  signal?.throwIfAborted();
  const first = new Map<string, string>();
  for (const change of changes(base, directory, comparison)) {
    signal?.throwIfAborted();
    if (change.kind === "gone") {
      if (without.has(change.name)) continue;
      blocks.addHeader(whiteoutOf(change.name));
      for (const piece of blocks.take()) yield piece;
      continue;
    }
    const { found } = change;
    const { kind, name, path } = found;
    if (without.has(name)) continue;
    if (name.slice(name.lastIndexOf("/") + 1).startsWith(WHITEOUT_PREFIX)) {
      throw refusal(path, "expected a name that is no whiteout's");
    }
    let linked: string | undefined;
    if (kind === "file" && found.links > 1 && hardLinks === "keep") {
      linked = first.get(found.inode);
      if (linked === undefined) first.set(found.inode, name);
    }
    const adding = addEntry(blocks, found, {
      name: kind === "directory" ? `${name}/` : name,
      mtime: clock(found.time),
      linked,
      owner: owners === "keep" ? found : undefined,
      // The first of a file's names has them for all.
      xattrs: linked === undefined ? xattrs?.read(path) : undefined,
    }, signal);
    if (adding !== undefined) yield* adding;
    for (const piece of blocks.take()) yield piece;
  }
  blocks.addEnd();
  yield* blocks.end();
}

function whiteoutOf(name: string): WrittenHeader {
  const slash = name.lastIndexOf("/") + 1;
  return {
    name: name.slice(0, slash) + WHITEOUT_PREFIX + name.slice(slash),
    type: "0",
    size: 0,
    mode: 0o644,
    mtime: 0,
    linkname: "",
  };
}
