import {
  chmodSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

/** Numbers in [0, 1) that depend on the seed only. */
export function random(seed: number): () => number {
  let state = seed * 2_654_435_761 >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** What a tree is, in lines: kinds, modes, times, owners, contents and which names are one file. */
export function describe(root: string): string[] {
  const lines: string[] = [];
  const first = new Map<number, string>();
  function walk(folder: string, name: string): void {
    for (const child of readdirSync(folder).sort()) {
      const path = join(folder, child);
      const key = name === "" ? child : `${name}/${child}`;
      const stats = lstatSync(path);
      const what = [
        key,
        (stats.mode & 0o7777).toString(8),
        `${stats.uid}:${stats.gid}`,
        Math.floor(stats.mtimeMs / 1000),
      ];
      if (stats.isSymbolicLink()) what.push(`-> ${readlinkSync(path)}`);
      else if (stats.isDirectory()) what.push("/");
      else {
        what.push(readFileSync(path, "utf8"));
        const link = first.get(stats.ino);
        if (link === undefined) first.set(stats.ino, key);
        else what.push(`= ${link}`);
      }
      lines.push(what.join(" "));
      if (stats.isDirectory()) walk(path, key);
    }
  }
  walk(root, "");
  return lines;
}

const NAMES = [
  "a",
  "b",
  "c",
  "d-e",
  "ä",
  "x".repeat(101),
  "\u{1f600}",
  "\ufb00",
];

/** Changes a tree in random ways; an empty directory grows. */
export function mutate(root: string, next: () => number, steps: number): void {
  const pick = <T>(list: readonly T[]): T =>
    list[Math.floor(next() * list.length)]!;
  for (let step = 0; step < steps; step++) {
    let folder = root;
    while (next() < 0.6) {
      const inner = readdirSync(folder, { withFileTypes: true })
        .filter((child) => child.isDirectory()).map(({ name }) => name).sort();
      if (inner.length === 0) break;
      folder = join(folder, pick(inner));
    }
    const path = join(folder, pick(NAMES));
    const there = lstatSync(path, { throwIfNoEntry: false });
    const kind = next();
    if (there !== undefined && kind < 0.3) {
      rmSync(path, { recursive: true });
    } else if (there !== undefined && kind < 0.4 && !there.isSymbolicLink()) {
      chmodSync(path, there.isDirectory() ? 0o750 : 0o640);
    } else {
      if (there !== undefined) rmSync(path, { recursive: true });
      if (kind < 0.6) mkdirSync(path);
      else if (kind < 0.7) symlinkSync(pick(["a", "../b", "/c", "gone"]), path);
      else {
        const others = readdirSync(root, { withFileTypes: true })
          .filter((child) => child.isFile()).map(({ name }) => name).sort();
        if (kind < 0.8 && others.length > 0) {
          linkSync(join(root, pick(others)), path);
        } else writeFileSync(path, `content ${Math.floor(next() * 4)}`);
      }
    }
  }
}

/** Gives all that has another time than a whole second one that depends on the seed. */
export function settle(root: string, next: () => number): void {
  for (const child of readdirSync(root, { withFileTypes: true })) {
    const path = join(root, child.name);
    if (child.isDirectory()) settle(path, next);
    const time = lstatSync(path).mtimeMs / 1000;
    if (time < 1_700_000_000 + 1e6) continue;
    const settled = 1_600_000_000 + Math.floor(next() * 1000);
    lutimesSync(path, settled, settled);
  }
}
