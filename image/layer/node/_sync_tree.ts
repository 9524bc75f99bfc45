import {
  chmodSync,
  chownSync,
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  type Stats,
  utimesSync,
} from "node:fs";
import { join } from "node:path";
import {
  BASE,
  type DirectoryAttributes,
  type DirectoryNode,
  directoryNode,
  type TreeNode,
} from "./_tree_model.ts";
import type { XattrWriter } from "./_xattrs.ts";

/** What a directory is that a layer has and says nothing of. */
const IMPLICIT: DirectoryAttributes = {
  mode: 0o755,
  mtime: undefined,
  layered: true,
};

/**
 * Makes a second tree of the same files, by hard links, with directories of its
 * own, and a model of it. Files are only ever replaced in it, so that the first
 * tree does not change with it.
 */
export function cloneTree(
  from: string,
  into: string,
  xattrs: XattrWriter | undefined,
  skip?: string,
): DirectoryNode {
  const { mode, mtime } = lstatSync(from);
  const node = directoryNode(BASE, { mode: mode & 0o7777, mtime });
  for (const child of readdirSync(from)) {
    const source = join(from, child);
    if (source === skip) continue;
    const target = join(into, child);
    const stats = lstatSync(source);
    if (stats.isDirectory()) {
      mkdirSync(target, { mode: 0o700 });
      node.children.set(child, cloneTree(source, target, xattrs));
    } else {
      node.children.set(child, cloneLeaf(source, target, stats, xattrs));
    }
  }
  return node;
}

function cloneLeaf(
  source: string,
  target: string,
  stats: Stats,
  xattrs: XattrWriter | undefined,
): TreeNode {
  try {
    linkSync(source, target);
  } catch (error) {
    // A system may forbid links to what belongs to somebody else.
    if (!stats.isFile()) throw error;
    copyFileSync(source, target);
    xattrs?.copy(source, target);
    utimesSync(target, stats.atime, stats.mtime);
    chmodSync(target, stats.mode & 0o7777);
  }
  return stats.isSymbolicLink()
    ? {
      kind: "link",
      layer: BASE,
      target: readlinkSync(source),
      followed: BASE,
    }
    : { kind: "file", layer: BASE };
}

/** Options of {@linkcode syncTree}. */
export interface SyncOptions {
  /** The tree that is to be there. */
  readonly from: string;
  /** The directory that gets it. */
  readonly into: string;
  /** A directory on the same file system, for what goes away. */
  readonly backup: string;
  /** What is in `into` and does not belong to it. */
  readonly skip: string;
}

/**
 * Moves a tree over another, so that nothing else is there afterwards. Directories
 * that both have stay themselves. When a move fails, those before are undone.
 *
 * @returns What undoes it all.
 */
export function syncTree(options: SyncOptions): () => void {
  const { from, into, backup, skip } = options;
  const done: [string, string][] = [];
  function move(source: string, target: string): void {
    renameSync(source, target);
    done.push([source, target]);
  }
  function undo(): void {
    for (const [source, target] of done.reverse()) renameSync(target, source);
    done.length = 0;
  }
  function sync(source: string, target: string): void {
    const names = readdirSync(source);
    const wanted = new Set(names);
    for (const child of readdirSync(target)) {
      const path = join(target, child);
      if (path !== skip && !wanted.has(child)) {
        move(path, join(backup, String(done.length)));
      }
    }
    for (const child of names) {
      const a = join(source, child);
      const b = join(target, child);
      const there = lstatSync(b, { throwIfNoEntry: false });
      if (there === undefined) {
        move(a, b);
        continue;
      }
      const here = lstatSync(a);
      if (here.isDirectory() && there.isDirectory()) sync(a, b);
      else if (here.ino !== there.ino || here.dev !== there.dev) {
        move(b, join(backup, String(done.length)));
        move(a, b);
      }
    }
  }
  try {
    sync(from, into);
  } catch (error) {
    undo();
    throw error;
  }
  return undo;
}

/**
 * Gives the directories of a tree what the layers say of them, the deepest first.
 * Those that were there before the layers have a twin in the staged tree, which has
 * the extended attributes; others came from there themselves.
 */
export function finishDirectories(
  path: string,
  node: DirectoryNode,
  staged: string,
  xattrs: XattrWriter | undefined,
): void {
  for (const [name, child] of node.children) {
    if (child.kind === "directory") {
      finishDirectories(join(path, name), child, join(staged, name), xattrs);
    }
  }
  const { layered, mode, mtime, owner } = node.attributes ?? IMPLICIT;
  if (owner !== undefined) chownSync(path, ...owner);
  if (layered) xattrs?.adopt(staged, path);
  if (owner !== undefined || (lstatSync(path).mode & 0o7777) !== mode) {
    chmodSync(path, mode);
  }
  if (mtime !== undefined) utimesSync(path, mtime, mtime);
}
