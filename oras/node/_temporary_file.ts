import { renameSync, writeFileSync } from "node:fs";
import { link, lstat, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { errorCode } from "../../digest/_error_code.ts";
import { pathExists } from "../_path_exists.ts";
import { pathFailure } from "./_path_failure.ts";

/** What nobody has written to for so long, in milliseconds, is no longer being written. */
const STALE = 3_600_000;

/** A path beside another, for what is not complete; unlike any other. */
export function temporaryPath(path: string): string {
  return join(dirname(path), `.gantry-${randomName()}${suffixOf(path)}`);
}

/**
 * Removes the temporary files of a path that writers left who were killed, and which
 * nobody else would ever look for. Where that is not possible they stay.
 */
export async function removeLeftovers(path: string): Promise<void> {
  const folder = dirname(path);
  const names = await readdir(folder).catch(() => []);
  const suffix = suffixOf(path);
  for (const name of names) {
    const isOurs = /^\.gantry-[0-9a-f]{12}-/.test(name) &&
      name.slice(20) === suffix;
    if (!isOurs) continue;
    const leftover = join(folder, name);
    const found = await lstat(leftover).catch(() => undefined);
    if (!found?.isFile() || Date.now() - found.mtimeMs < STALE) continue;
    await rm(leftover, { force: true }).catch(() => {});
  }
}

function suffixOf(path: string): string {
  // A name may have 255 bytes; in UTF-8 one code unit takes at most three.
  return `-${basename(path).slice(0, 64)}`;
}

/** Twelve digits that nobody can foresee. */
export function randomName(): string {
  return crypto.randomUUID().slice(-12);
}

/**
 * Writes a small file, and gives it its name.
 *
 * It is done without another thread: under Deno that takes a third of the time.
 *
 * @throws {PathError} The file cannot be written, or exists and must not be replaced.
 */
export async function writeSmallFile(
  path: string,
  bytes: Uint8Array<ArrayBuffer>,
  options: { readonly overwrite?: boolean | undefined },
): Promise<void> {
  const partial = temporaryPath(path);
  try {
    writeNew(partial, bytes);
    if (options.overwrite === false) await publish(partial, path, options);
    else renameNow(partial, path);
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {});
    throw pathFailure("write", path, error);
  }
}

function writeNew(path: string, bytes: Uint8Array<ArrayBuffer>): void {
  writeFileSync(path, bytes, { flag: "wx" });
}

function renameNow(from: string, to: string): void {
  renameSync(from, to);
}

/**
 * Gives a complete file its name.
 *
 * @throws {PathError} Something has that name, and is not to be replaced.
 */
export async function publish(
  from: string,
  to: string,
  { overwrite = true }: { readonly overwrite?: boolean | undefined },
): Promise<void> {
  if (overwrite) return await rename(from, to);
  try {
    // Unlike a rename, a link never replaces what has come into being meanwhile.
    await link(from, to);
  } catch (error) {
    const code = errorCode(error);
    if (code === "EEXIST") throw pathExists(to);
    if (!WITHOUT_LINKS.has(code)) throw error;
    const existing = await lstat(to).catch(() => undefined);
    if (existing !== undefined) throw pathExists(to);
    return await rename(from, to);
  }
  await rm(from, { force: true });
}

/** What file systems without hard links answer, and Deno without leave to make links. */
const WITHOUT_LINKS: ReadonlySet<string | undefined> = new Set([
  "EPERM",
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOSYS",
  "EMLINK",
  "EACCES",
]);
