import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { isMissing, remove } from "../../../distribution/server/node/_files.ts";
import type { SignalOptions } from "../../../distribution/signal_options.ts";
import type { Descriptor } from "../../../image/descriptor.ts";
import { isManifestType } from "../../../image/manifest_type.ts";
import { walk } from "../../graph/walk.ts";
import type { LayoutStore } from "./layout_store.ts";

/** How garbage is collected. */
export interface GarbageOptions extends SignalOptions {
  /**
   * How old what is removed must be, in milliseconds.
   *
   * @default {3600000: an hour}
   */
  readonly minAge?: number | undefined;
}

/** What {@linkcode LayoutStore.collectGarbage} has removed. */
export interface GarbageResult {
  /** The digests of what is gone. */
  readonly deleted: readonly string[];
  /** How many bytes that were. */
  readonly bytes: number;
}

const HOUR = 3_600_000;

/** Removes the blobs of a layout that are not reachable from its entries. */
export async function collectGarbage(
  store: LayoutStore,
  entries: readonly Descriptor[],
  { minAge = HOUR, signal }: GarbageOptions,
): Promise<GarbageResult> {
  const reachable = new Set<string>();
  await walk(store, entries, {
    signal,
    enter({ digest, mediaType }) {
      reachable.add(digest);
      return isManifestType(mediaType);
    },
    // What a manifest is about may be elsewhere, and foreign layers mostly are.
    onMissing() {},
  });
  const deleted: string[] = [];
  let bytes = 0;
  const blobs = join(store.path, "blobs");
  for (const algorithm of await list(blobs)) {
    for (const encoded of await list(join(blobs, algorithm))) {
      signal?.throwIfAborted();
      const digest = `${algorithm}:${encoded}`;
      if (reachable.has(digest)) continue;
      const path = join(blobs, algorithm, encoded);
      const size = await oldFileSize(path, minAge);
      if (size === undefined || !await remove(path)) continue;
      bytes += size;
      if (!encoded.startsWith(".")) deleted.push(digest);
    }
  }
  for (const name of await list(store.path)) {
    if (!/^\.gantry-.*\.tmp$|^\.index\.json\../.test(name)) continue;
    const path = join(store.path, name);
    // Locks are no leftovers: whoever needs one takes it away.
    if (/^\.index\.json\.lock(\.break)*$/.test(name)) continue;
    const size = await oldFileSize(path, Math.max(minAge, HOUR));
    if (size !== undefined && await remove(path)) bytes += size;
  }
  return { deleted, bytes };
}

/** The size of a regular file that is old enough. */
async function oldFileSize(
  path: string,
  minAge: number,
): Promise<number | undefined> {
  try {
    const { mtimeMs, size, isFile } = await lstat(path).then((info) => ({
      mtimeMs: info.mtimeMs,
      size: info.size,
      isFile: info.isFile(),
    }));
    return isFile && Date.now() - mtimeMs >= minAge ? size : undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function list(path: string): Promise<string[]> {
  try {
    return (await readdir(path)).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
