import { open, readFile, rename, stat, unlink } from "node:fs/promises";
import { CredentialError } from "../credential_error.ts";
import { sleep } from "../_sleep.ts";
import { hasEnded, processMark } from "./_process_mark.ts";

/**
 * A lock is held for some milliseconds; one this old was left by a process that died.
 * Where it can be told that the process has ended, nobody waits so long.
 */
const STALE = 30_000;
/** How long to wait for a lock that others hold: longer than until one is stale. */
const PATIENCE = 45_000;

/**
 * Does work while no other process that asks for the same lock does.
 *
 * The lock is a file that only one can create, which names its process. It is no promise to programs that
 * do not ask, such as docker itself.
 */
export async function withFileLock<T>(
  path: string,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  await acquire(path, signal);
  try {
    return await work();
  } finally {
    await unlink(path).catch(() => {});
  }
}

async function acquire(path: string, signal?: AbortSignal): Promise<void> {
  const end = Date.now() + PATIENCE;
  const mark = await processMark();
  for (;;) {
    signal?.throwIfAborted();
    try {
      const file = await open(path, "wx", 0o600);
      // Without the mark, as on a full disk, it is a lock all the same.
      await file.writeFile(mark).catch(() => {});
      await file.close();
      return;
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
    if (await isStale(path)) {
      await takeAway(path);
      continue;
    }
    if (Date.now() > end) {
      throw new CredentialError(
        "CREDENTIAL_CONFIG_LOCKED",
        `Cannot change credentials: ${path} is held by another process`,
        { hint: "Remove that file if no other process is at work" },
      );
    }
    await sleep(5 + Math.random() * 20, signal);
  }
}

async function isStale(path: string): Promise<boolean> {
  try {
    const { mtimeMs } = await stat(path);
    return Date.now() - mtimeMs > STALE ||
      await hasEnded(await readFile(path, "utf8"));
  } catch {
    return false; // it is gone: try again
  }
}

/** Of several that find a lock stale, one wins the rename; a new lock is left alone. */
async function takeAway(path: string): Promise<void> {
  const aside = `${path}.${crypto.randomUUID()}`;
  try {
    if (!await isStale(path)) return;
    await rename(path, aside);
    await unlink(aside);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null)?.code;
}
