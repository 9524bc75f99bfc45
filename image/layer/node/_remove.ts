import { chmodSync, lstatSync, readdirSync, rmSync } from "node:fs";
import { rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Removes the empty directories that were made for an output, up to the first one. */
export async function removeMade(from: string, first: string): Promise<void> {
  for (let path = from;; path = dirname(path)) {
    await rmdir(path).catch(() => {});
    if (path === first || path === dirname(path)) return;
  }
}

/** Removes a tree, directories that their owner may not write to included. */
export function removeTree(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    unlock(path);
    rmSync(path, { recursive: true, force: true });
  }
}

function unlock(path: string): void {
  if (!lstatSync(path).isDirectory()) return;
  chmodSync(path, 0o700);
  for (const child of readdirSync(path)) unlock(join(path, child));
}
