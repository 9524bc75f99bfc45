import {
  copyFileSync,
  linkSync,
  lstatSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { join, sep } from "node:path";
import { preview } from "../../../digest/_preview.ts";
import { LayerError, UnsafeEntryError } from "../errors.ts";

/** One move from the staged tree to its final place. */
interface Move {
  readonly from: string;
  readonly to: string;
  readonly replaces: boolean;
}

/** Options of {@linkcode mergeTree}. */
export interface MergeOptions {
  /** The staged tree. */
  readonly from: string;
  /** The directory that it goes into. It has no link in its own path. */
  readonly into: string;
  /** An empty directory on the same file system, for what is replaced. */
  readonly backup: string;
  /** Whether anything that is there already is refused. */
  readonly keepExisting: boolean;
}

/**
 * Moves a tree into a directory. Everything is looked at before anything is moved,
 * and when a move fails after all, those made before are undone.
 */
export function mergeTree(options: MergeOptions): void {
  const moves: Move[] = [];
  plan(options.from, options.into, [], options, moves);
  const done: (() => void)[] = [];
  try {
    moves.forEach((move, index) => {
      const kept = join(options.backup, String(index));
      // The old file stays in its place, too, until the new one takes it.
      if (move.replaces) keep(move.to, kept);
      renameSync(move.from, move.to);
      done.push(() =>
        move.replaces
          ? renameSync(kept, move.to)
          : rmSync(move.to, { recursive: true })
      );
    });
  } catch (error) {
    for (const undo of done.reverse()) undo();
    throw error;
  }
}

/** Keeps a file or a link under another name, too. */
function keep(path: string, kept: string): void {
  if (lstatSync(path).isSymbolicLink()) {
    return symlinkSync(readlinkSync(path), kept);
  }
  try {
    linkSync(path, kept);
  } catch {
    // A file system without hard links, or a file that may not have one more.
    copyFileSync(path, kept);
  }
}

function plan(
  from: string,
  into: string,
  parts: readonly string[],
  options: MergeOptions,
  moves: Move[],
): void {
  for (const child of readdirSync(from).sort()) {
    const source = join(from, child);
    const names = [...parts, child];
    const name = names.join("/");
    const isDirectory = lstatSync(source).isDirectory();
    let target = join(into, child);
    let found = lstatSync(target, { throwIfNoEntry: false });
    if (found === undefined) {
      moves.push({ from: source, to: target, replaces: false });
      continue;
    }
    if (found.isSymbolicLink() && isDirectory) {
      target = followInside(target, name, options.into);
      found = lstatSync(target);
    }
    if (isDirectory !== found.isDirectory()) {
      throw new LayerError(
        "LAYER_CONFLICT",
        `Cannot unpack entry ${preview(name)}: a ${
          found.isDirectory() ? "directory" : "file"
        } is in its place`,
      );
    }
    if (isDirectory) plan(source, target, names, options, moves);
    else if (options.keepExisting) {
      throw new LayerError(
        "LAYER_CONFLICT",
        `Cannot unpack entry ${preview(name)}: expected nothing in its place`,
      );
    } else moves.push({ from: source, to: target, replaces: true });
  }
}

/** Where a link in the output directory leads, if that is inside. */
function followInside(link: string, name: string, root: string): string {
  let target: string;
  try {
    target = realpathSync(link);
  } catch (error) {
    throw new UnsafeEntryError(
      name,
      "the output directory has a link in its place that leads nowhere",
      { cause: error },
    );
  }
  if (
    target !== root && !target.startsWith(root.replace(/[\\/]+$/, "") + sep)
  ) {
    throw new UnsafeEntryError(
      name,
      "the output directory has a link in its place that leads out of it",
    );
  }
  return target;
}
