import { closeSync, readSync } from "node:fs";
import { targetOf } from "./_entry.ts";
import { openInput } from "./_input_file.ts";
import { refusal } from "./_refusal.ts";
import { sameXattrs, type XattrReader } from "./_xattrs.ts";
import { childrenOf, type Found, lookAt, walk } from "./_walk.ts";

/** A thing that a layer must say: something new or changed, or something gone. */
export type Change =
  | { readonly kind: "entry"; readonly found: Found }
  /** `name` is what is gone, not the whiteout's own name. */
  | { readonly kind: "gone"; readonly name: string };

/** How two things of the same name are compared. */
export interface Comparison {
  /** An entry's time as a layer tells it, in whole seconds. */
  readonly clock: (milliseconds: number) => number;
  /** Whether owners count. */
  readonly owners: boolean;
  /** Whether it counts which names are one file. */
  readonly hardLinks: boolean;
  /** Reads extended attributes, where they count. */
  readonly xattrs?: XattrReader | undefined;
}

/**
 * Lists what makes one tree of another, in the order of a layer: a directory before
 * its content, in there first what is gone, then the rest, names in the order of
 * their bytes. Directories above a change are listed, too, so that other tools give
 * them their attributes. The root is never listed.
 */
export function* changes(
  from: string | undefined,
  to: string,
  comparison: Comparison,
): Generator<Change, void, undefined> {
  const after = rootOf(to);
  if (from === undefined) {
    for (const found of walk(to)) {
      if (found.name !== "") yield { kind: "entry", found };
    }
    return;
  }
  const before = rootOf(from);
  const links = comparison.hardLinks
    ? new LinkGroups(before, after)
    : undefined;
  yield* inside(before, after, [], comparison, links);
}

function rootOf(path: string): Found {
  const root = lookAt(path, "");
  if (root.kind === "directory") return root;
  throw refusal(path, "expected a directory");
}

/** `above` holds the directories that were not listed yet, and are with the first change below. */
function* inside(
  before: Found | undefined,
  after: Found,
  above: Found[],
  comparison: Comparison,
  links: LinkGroups | undefined,
): Generator<Change, void, undefined> {
  const old = new Map(
    before === undefined
      ? []
      : childrenOf(before).map((child) => [child.name, child]),
  );
  const children = childrenOf(after);
  const there = new Set(children.map(({ name }) => name));
  for (const { name } of old.values()) {
    if (there.has(name)) continue;
    yield* list(above);
    yield { kind: "gone", name };
  }
  for (const found of children) {
    const was = old.get(found.name);
    const isDirectory = found.kind === "directory";
    const changed = was === undefined || differ(was, found, comparison) ||
      (links?.changed(was, found) ?? false);
    if (changed) {
      yield* list(above);
      yield { kind: "entry", found };
    }
    if (!isDirectory) continue;
    const inner = was?.kind === "directory" ? was : undefined;
    const waiting = changed ? [] : [...above, found];
    yield* inside(inner, found, waiting, comparison, links);
    // The first of the directories that were listed below takes the others with it.
    if (!changed && waiting.length === 0) above.length = 0;
  }
}

function* list(above: Found[]): Generator<Change, void, undefined> {
  for (const found of above) yield { kind: "entry", found };
  above.length = 0;
}

function differ(a: Found, b: Found, comparison: Comparison): boolean {
  if (a.kind !== b.kind || a.mode !== b.mode) return true;
  if (comparison.clock(a.time) !== comparison.clock(b.time)) return true;
  if (comparison.owners && (a.uid !== b.uid || a.gid !== b.gid)) return true;
  const { xattrs } = comparison;
  if (
    xattrs !== undefined && a.inode !== b.inode &&
    !sameXattrs(xattrs.read(a.path), xattrs.read(b.path))
  ) return true;
  if (b.kind === "symlink") {
    return targetOf(a.path) !== targetOf(b.path);
  }
  if (b.kind !== "file" || a.inode === b.inode) return false;
  return a.size !== b.size || !sameContent(a.path, b.path);
}

const STEP = 128 * 1024;

function sameContent(a: string, b: string): boolean {
  const x = openInput(a);
  try {
    const y = openInput(b);
    try {
      const [one, two] = [new Uint8Array(STEP), new Uint8Array(STEP)];
      while (true) {
        const count = fill(x, one);
        if (fill(y, two) !== count) return false;
        for (let at = 0; at < count; at++) {
          if (one[at] !== two[at]) return false;
        }
        if (count < STEP) return true;
      }
    } finally {
      closeSync(y);
    }
  } finally {
    closeSync(x);
  }
}

function fill(file: number, buffer: Uint8Array): number {
  let used = 0;
  while (used < buffer.byteLength) {
    const count = readSync(file, buffer, used, buffer.byteLength - used, null);
    if (count === 0) break;
    used += count;
  }
  return used;
}

/**
 * Which names are one file, before and after. Where one name of a file has to be
 * written, all have to, since they would be two files otherwise.
 */
class LinkGroups {
  readonly #before: ReadonlyMap<string, Found[]>;
  readonly #after: ReadonlyMap<string, Found[]>;
  readonly #changed = new Map<string, boolean>();

  constructor(before: Found, after: Found) {
    this.#before = groupsOf(before);
    this.#after = groupsOf(after);
  }

  changed(was: Found, found: Found): boolean {
    const old = this.#before.get(was.inode);
    const key = found.inode;
    const group = this.#after.get(key);
    if (group === undefined) return old !== undefined;
    let known = this.#changed.get(key);
    if (known === undefined) {
      known = namesOf(old) !== namesOf(group);
      this.#changed.set(key, known);
    }
    return known;
  }
}

function namesOf(group: readonly Found[] = []): string {
  return group.map(({ name }) => name).join("\0");
}

/** Files of more than one name below a directory. */
function groupsOf(root: Found): Map<string, Found[]> {
  const groups = new Map<string, Found[]>();
  const open = [root];
  while (open.length > 0) {
    for (const found of childrenOf(open.pop()!)) {
      const { kind, links, inode: key } = found;
      if (kind === "directory") open.push(found);
      else if (kind === "file" && links > 1) {
        const group = groups.get(key);
        if (group === undefined) groups.set(key, [found]);
        else group.push(found);
      }
    }
  }
  for (const [key, group] of groups) {
    if (group.length === 1) groups.delete(key);
    else group.sort((a, b) => a.name < b.name ? -1 : 1);
  }
  return groups;
}
