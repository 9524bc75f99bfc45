import { link, lstat, open, readFile, unlink, utimes } from "node:fs/promises";
import { errorCode } from "../../digest/_error_code.ts";
import { sleep } from "../_sleep.ts";
import { processMark, processState } from "./_process_mark.ts";

/**
 * The work under a lock takes milliseconds: one this old, in milliseconds, was left
 * by a process that ended. Where that can be told for certain, nobody waits so long.
 */
const STALE = 30_000;
/** The same for a process that certainly lives: it may be stopped, and go on later. */
const STALE_WHILE_ALIVE = 600_000;
const LONGEST_PAUSE = 25;

/** How to wait for a lock. */
export interface FileLockOptions {
  /** How long to wait for a lock that others hold, in milliseconds. */
  readonly patience: number;
  /** Makes the error for a lock that others hold for longer, or took away. */
  readonly busy: () => Error;
  /** Ends the wait. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * A lock between processes: a file that only one of them can create.
 *
 * Neither Node nor the file systems of all networks have locks that end with their
 * holder, so the file names its holder: whoever finds that this process has ended
 * takes the lock away. It is no promise to programs that do not ask for it.
 *
 * Of a lock that is not its own, a process may remove the file only while it holds
 * the lock on the lock, which is one of the same kind. What it looked at is then
 * still there when it is removed: nobody removes the fresh lock of another one who
 * was quicker.
 */
export class FileLock {
  readonly #path: string;
  readonly #text: string;
  #since = Date.now();

  private constructor(path: string, text: string) {
    this.#path = path;
    this.#text = text;
  }

  /**
   * Takes a lock if nobody holds it; one that was left behind counts as free. Gives
   * undefined where another one holds it.
   */
  static async take(path: string): Promise<FileLock | undefined> {
    const seen = await look(path);
    if (seen !== undefined) {
      if (!await isStale(seen)) return undefined;
      if (!await takeAway(path)) return undefined;
    }
    // A random text tells this lock from all others.
    const text = `${crypto.randomUUID()}\n${await processMark()}`;
    return await create(path, text) ? new FileLock(path, text) : undefined;
  }

  /** Whether the lock still is this one: it may have been taken for one left behind. */
  async isHeld(): Promise<boolean> {
    return (await look(this.#path))?.text === this.#text;
  }

  /** Shows that its holder lives, for work that takes longer than a lock gets stale. */
  async refresh(): Promise<void> {
    if (!await this.isHeld()) return;
    const now = new Date();
    await utimes(this.#path, now, now);
    this.#since = now.getTime();
  }

  /** Gives the lock back. What was done under it is done, also where this fails. */
  async release(): Promise<void> {
    // Nobody takes a young lock away, so nobody else's can be there by now.
    const isYoung = Date.now() - this.#since < STALE / 2;
    try {
      if (!isYoung) await removeGuarded(this.#path, (text) => this.#is(text));
      else if (await this.isHeld()) await remove(this.#path);
    } catch {
      // It cannot be removed: then it is one that was left behind.
      await utimes(this.#path, 0, 0).catch(() => {});
    }
  }

  #is(text: string): boolean {
    return text === this.#text;
  }
}

/**
 * Does work while no other process that asks for the same lock does.
 *
 * @throws {Error} The error of `busy`: others held the lock for too long.
 */
export async function withFileLock<Result>(
  path: string,
  work: (assertHeld: () => Promise<void>) => Promise<Result>,
  { patience, busy, signal }: FileLockOptions,
): Promise<Result> {
  const deadline = Date.now() + patience;
  let lock: FileLock | undefined;
  for (let pause = 1; !lock; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    signal?.throwIfAborted();
    lock = await FileLock.take(path);
    if (lock !== undefined) break;
    if (Date.now() > deadline) throw busy();
    await sleep(pause * (0.5 + Math.random()), signal);
  }
  const held = lock;
  try {
    return await work(async () => {
      if (!await held.isHeld()) throw busy();
    });
  } finally {
    await held.release();
  }
}

/** A lock that was looked at. */
interface SeenLock {
  readonly text: string;
  readonly age: number;
}

async function look(path: string): Promise<SeenLock | undefined> {
  try {
    const { mtimeMs } = await lstat(path);
    const text = await readFile(path, "utf8").catch((error) => {
      // Another user's, who keeps it to himself.
      if (errorCode(error) === "EACCES") return "";
      throw error;
    });
    return { text, age: Date.now() - mtimeMs };
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function isStale({ text, age }: SeenLock): Promise<boolean> {
  if (age >= STALE_WHILE_ALIVE) return true;
  const state = await processState(text.slice(text.lastIndexOf("\n") + 1));
  return state === "ended" || state === "unknown" && age >= STALE;
}

/** Takes away a lock that was left behind; gives false where another one is at it, or was quicker. */
async function takeAway(path: string): Promise<boolean> {
  let isGone = true;
  const isFirst = await removeGuarded(path, async (text, age) => {
    return isGone = await isStale({ text, age });
  });
  return isFirst && isGone;
}

/**
 * Removes a lock if it is one that may go, while nobody else does the like. Gives
 * false where somebody else does.
 */
async function removeGuarded(
  path: string,
  mayGo: (text: string, age: number) => boolean | Promise<boolean>,
): Promise<boolean> {
  // Who is killed right here leaves that one behind, which is taken away likewise.
  const guard = await FileLock.take(`${path}.break`);
  if (guard === undefined) return false;
  try {
    const seen = await look(path);
    if (seen && await mayGo(seen.text, seen.age)) await remove(path);
    return true;
  } finally {
    await guard.release();
  }
}

/**
 * Creates the file of a lock together with its text, so that a lock never is
 * without the name of its holder. Gives false where there is one already.
 */
async function create(path: string, text: string): Promise<boolean> {
  const draft = `${path}.${crypto.randomUUID()}`;
  try {
    await writeNew(draft, text);
    await link(draft, path);
    return true;
  } catch (error) {
    if (errorCode(error) !== "EEXIST") return await createInPlace(path, text);
    // Over a network, the answer to a call that was sent twice.
    return (await look(path))?.text === text;
  } finally {
    await remove(draft).catch(() => {});
  }
}

/** The same where the file system has no hard links. */
async function createInPlace(path: string, text: string): Promise<boolean> {
  try {
    await writeNew(path, text);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** Writes a new file. On a full disk nothing is left for which others would wait. */
async function writeNew(path: string, text: string): Promise<void> {
  const file = await open(path, "wx", 0o644);
  try {
    await file.writeFile(new TextEncoder().encode(text));
  } catch (error) {
    await remove(path).catch(() => {});
    throw error;
  } finally {
    await file.close();
  }
}

async function remove(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
}
