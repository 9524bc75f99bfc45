import { readlinkSync } from "node:fs";
import type { WrittenHeader } from "../_tar_header.ts";
import { decodeText } from "../_text.ts";
import type { Blocks } from "./_blocks.ts";
import { explain, refusal } from "./_refusal.ts";
import type { Found } from "./_walk.ts";

/** What a layer says of a thing beside what it is on disk. */
export interface Said extends Pick<WrittenHeader, "name" | "mtime" | "xattrs"> {
  /** The earlier entry that is the same file. */
  readonly linked?: string | undefined;
  /** The owner's and the group's numbers, where they are kept. */
  readonly owner?: Pick<Found, "uid" | "gid"> | undefined;
}

const TYPES = { file: "0", symlink: "2", directory: "5" } as const;

/**
 * Adds a thing of a tree to a tar.
 *
 * @returns What is left of its content to come, where that is much.
 *
 * @throws {LayerError} It is of a kind that a layer cannot hold, or changed since it was looked at.
 */
export function addEntry(
  blocks: Blocks,
  found: Found,
  { linked, mtime, name, owner, xattrs }: Said,
  signal: AbortSignal | undefined,
): AsyncIterable<Uint8Array<ArrayBuffer>> | undefined {
  const { kind, mode, path } = found;
  if (kind === "other") {
    throw refusal(path, "expected a file, a directory or a symbolic link");
  }
  const size = kind === "file" && linked === undefined ? found.size : 0;
  blocks.addHeader({
    name,
    type: linked === undefined ? TYPES[kind] : "1",
    size,
    mode,
    mtime,
    linkname: linked ?? (kind === "symlink" ? targetOf(path) : ""),
    ...owner && { uid: owner.uid, gid: owner.gid },
    xattrs,
  });
  return size > 0 ? blocks.addFile(found, signal) : undefined;
}

/** What a link points at. */
export function targetOf(path: string): string {
  let target: string | undefined;
  try {
    target = decodeText(readlinkSync(path, { encoding: "buffer" }));
  } catch (error) {
    // Deno says so of a target that is not UTF-8.
    if (!(error instanceof Error) || error.name !== "InvalidData") {
      throw explain(error, path);
    }
  }
  if (target?.isWellFormed()) return target;
  throw refusal(path, "expected its target in UTF-8");
}
