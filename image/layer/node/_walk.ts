import type { BigIntStats } from "node:fs";
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { LayerError } from "../errors.ts";

/** A thing in a tree. */
export interface Found {
  /** Where it is on disk. */
  readonly path: string;
  /** Its name from the tree's root on, in slashes; the root's own is "". */
  readonly name: string;
  /** What the file system says of it; a link is not followed. */
  readonly stats: BigIntStats;
}

/** Walks a tree: a directory comes before its content, and names in the order of their bytes. */
export function* walk(
  path: string,
  name = "",
): Generator<Found, void, undefined> {
  const stats = lstatSync(path, { bigint: true });
  yield { path, name, stats };
  if (!stats.isDirectory()) return;
  const encoder = new TextEncoder();
  const names = readdirSync(path).map((child) => ({
    child,
    bytes: encoder.encode(child),
  }));
  names.sort((a, b) => compareBytes(a.bytes, b.bytes));
  for (const { child } of names) {
    if (child.includes("\ufffd")) {
      throw new LayerError(
        "LAYER_SOURCE",
        `Cannot pack ${join(path, child)}: expected a name in UTF-8`,
      );
    }
    yield* walk(join(path, child), name === "" ? child : `${name}/${child}`);
  }
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.byteLength, b.byteLength);
  for (let index = 0; index < length; index++) {
    const difference = a[index]! - b[index]!;
    if (difference !== 0) return difference;
  }
  return a.byteLength - b.byteLength;
}
