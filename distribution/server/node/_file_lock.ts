import { readFile, rename, writeFile } from "node:fs/promises";
import { RequestError } from "../request_error.ts";
import { fileState, hasCode, remove } from "./_files.ts";

/** A lock this old was left by a process that ended: the work under it takes milliseconds. */
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
 * that was believed dead notices that the lock is no longer its own.
 *
 * @throws {RequestError} 503: others held the lock for too long.
 */
export async function withFileLock<Result>(
  path: string,
  work: (lock: HeldLock) => Promise<Result>,
): Promise<Result> {
  const owner = crypto.randomUUID();
  await acquire(path, owner);
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

async function acquire(path: string, owner: string): Promise<void> {
  const deadline = Date.now() + PATIENCE;
  for (let pause = 1;; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    try {
      await writeFile(path, owner, { flag: "wx" });
      return;
    } catch (error) {
      if (!hasCode(error, "EEXIST")) throw error;
    }
    await breakStale(path);
    if (Date.now() > deadline) throw busy();
    await new Promise((resolve) =>
      setTimeout(resolve, pause * (0.5 + Math.random()))
    );
  }
}

/** Takes a lock away that is stale. Only one process succeeds in renaming the file it looked at. */
export async function breakStale(path: string): Promise<void> {
  const seen = await fileState(path);
  if (seen === undefined || Date.now() - seen.changed < STALE) return;
  const aside = `${path}.${crypto.randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return;
    throw error;
  }
  await remove(aside);
}

async function isOwner(path: string, owner: string): Promise<boolean> {
  try {
    return await readFile(path, "utf8") === owner;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
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
