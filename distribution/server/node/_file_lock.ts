import {
  type FileHandle,
  link,
  open,
  readFile,
  rename,
} from "node:fs/promises";
import { RequestError } from "../request_error.ts";
import { fileState, hasCode, remove } from "./_files.ts";
import { hasEnded, processMark } from "../../node/_process_mark.ts";

/**
 * A lock this old was left by a process that ended: the work under it takes
 * milliseconds. Where it can be told that the process ended, nobody waits so long.
 */
const STALE = 30_000;
const PATIENCE = 60_000;
const LONGEST_PAUSE = 25;

/** What the work under a lock can ask. */
export interface HeldLock {
  /**
   * Makes sure that the lock still is ours, right before what it protects is done.
   *
   * @throws {RequestError} 503: the work took so long that the lock was taken away.
   */
  assertHeld(): Promise<void>;
}

/**
 * Runs work while no other process does so under the same lock file.
 *
 * The file exists while the lock is held. It holds a random text, so that a holder
 * that was believed dead notices that the lock is no longer its own, and the mark
 * of its process.
 *
 * @throws {RequestError} 503: others held the lock for too long.
 */
export async function withFileLock<Result>(
  path: string,
  work: (lock: HeldLock) => Promise<Result>,
): Promise<Result> {
  const owner = await acquire(path);
  try {
    return await work({
      async assertHeld() {
        if (!(await isOwner(path, owner))) throw busy();
      },
    });
  } finally {
    await release(path, owner);
  }
}

/** What was done under a lock is done, also where the lock cannot be taken away: it will be stale. */
async function release(path: string, owner: string): Promise<void> {
  for (let tries = 0; tries < 2; tries++) {
    try {
      if (await isOwner(path, owner)) await remove(path);
      return;
    } catch {
      // Once more.
    }
  }
}

async function acquire(path: string): Promise<string> {
  const deadline = Date.now() + PATIENCE;
  for (let pause = 1;; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    const owner = await createLock(path);
    if (owner !== undefined) return owner;
    await breakStale(path);
    if (Date.now() > deadline) throw busy();
    await new Promise((resolve) =>
      setTimeout(resolve, pause * (0.5 + Math.random()))
    );
  }
}

/** Makes a lock and gives its text, which is unlike any other's; undefined where there is one. */
export async function createLock(path: string): Promise<string | undefined> {
  const text = `${crypto.randomUUID()}\n${await processMark()}`;
  let file: FileHandle;
  try {
    file = await open(path, "wx");
  } catch (error) {
    if (hasCode(error, "EEXIST")) return undefined;
    throw error;
  }
  try {
    await file.writeFile(new TextEncoder().encode(text));
  } catch (error) {
    // The disk is full: nobody shall wait for a lock that nobody holds.
    await remove(path).catch(() => {});
    throw error;
  } finally {
    await file.close();
  }
  return text;
}

/** Takes a lock away that is stale. Only one process succeeds in renaming the file it looked at. */
export async function breakStale(path: string): Promise<void> {
  const state = await fileState(path);
  if (state === undefined) return;
  const seen = await textOf(path);
  if (seen === undefined) return;
  const [, mark = ""] = seen.split("\n");
  const isStale = Date.now() - state.changed >= STALE || await hasEnded(mark);
  if (!isStale) return;
  const aside = `${path}.${crypto.randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return;
    throw error;
  }
  // Others looked at the same lock: one may have been quicker, and hold its own now.
  if (await textOf(aside) !== seen) await link(aside, path).catch(() => {});
  await remove(aside);
}

async function isOwner(path: string, owner: string): Promise<boolean> {
  return await textOf(path) === owner;
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

function busy(): RequestError {
  return new RequestError(
    503,
    "UNAVAILABLE",
    "The repository is busy, try again",
    { headers: { "retry-after": "1" } },
  );
}
