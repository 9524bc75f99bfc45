import { constants } from "node:fs";
import {
  copyFile,
  type FileHandle,
  link,
  lstat,
  mkdir,
  open,
  rename,
  unlink,
} from "node:fs/promises";
import { dirname } from "node:path";
import { errorCode } from "../../../digest/_error_code.ts";

/** Whether an error of the file system has one of these codes. */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return codes.includes(errorCode(error) ?? "");
}

/** Whether an error says that a path leads nowhere. */
export function isMissing(error: unknown): boolean {
  return hasCode(error, "ENOENT", "ENOTDIR");
}

/** What tells one state of a file from another. */
export interface FileState {
  /** The size in bytes. */
  readonly size: number;
  /** Whether it is a regular file, and no link, folder or device. */
  readonly isFile: boolean;
  /** Tells one file from another, whatever its name: device and inode. */
  readonly file: string;
  /** Changes whenever the content does. */
  readonly identity: string;
  /** The time of the last change, in milliseconds since 1970. */
  readonly changed: number;
}

/** The state of a file, which is not followed where it is a link; undefined where there is none. */
export async function fileState(path: string): Promise<FileState | undefined> {
  try {
    const info = await lstat(path, { bigint: true });
    return {
      size: Number(info.size),
      isFile: info.isFile(),
      file: `${Number(info.dev)}:${Number(info.ino)}`,
      identity: `${info.dev}:${info.ino}:${info.size}:${info.mtimeNs}`,
      changed: Number(info.mtimeMs),
    };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Opens a file for reading that must be no link, and gives undefined where there is none. */
export async function openForReading(
  path: string,
): Promise<FileHandle | undefined> {
  // Without O_NONBLOCK, to open a named pipe would wait for its writer.
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
  try {
    return await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Makes a folder's entries durable. Some systems cannot; there renames are as durable as they get. */
export async function syncFolder(path: string): Promise<void> {
  let folder: FileHandle;
  try {
    folder = await open(path, "r");
  } catch (error) {
    if (hasCode(error, "EISDIR", "EPERM", "EACCES")) return;
    throw error;
  }
  try {
    await folder.sync();
  } catch (error) {
    if (!hasCode(error, "EINVAL", "EPERM", "EBADF", "ENOTSUP")) throw error;
  } finally {
    await folder.close();
  }
}

/** Writes a new file and makes its content durable. Nothing is left where that fails. */
export async function writeDurably(
  path: string,
  bytes: Uint8Array,
): Promise<void> {
  const file = await open(path, "wx", 0o644);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } catch (error) {
    await file.close();
    await remove(path);
    throw error;
  }
  await file.close();
}

/** Makes what a file holds durable. */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Gives a finished file its final name, in place of one that is there. Where the
 * two names are on two file systems, the content is copied.
 */
export async function moveInto(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!hasCode(error, "EXDEV")) throw error;
    const beside = `${dirname(to)}/.${crypto.randomUUID()}.tmp`;
    try {
      await copyFile(from, beside);
      await syncFile(beside);
      await rename(beside, to);
    } catch (error) {
      await remove(beside);
      throw error;
    }
    await remove(from);
  }
  await syncFolder(dirname(to));
}

/**
 * Gives a file a second name: a hard link where the file system can, else a copy.
 * A name that is taken already is left as it is.
 */
export async function linkOrCopy(
  from: string,
  to: string,
  temporary: string,
): Promise<void> {
  try {
    await link(from, to);
    await syncFolder(dirname(to));
  } catch (error) {
    if (hasCode(error, "EEXIST")) return;
    if (isMissing(error)) throw error;
    // Another device, too many links, or a file system without links.
    await mkdir(dirname(temporary), { recursive: true });
    try {
      await copyFile(from, temporary, constants.COPYFILE_EXCL);
      await syncFile(temporary);
      await moveInto(temporary, to);
    } catch (error) {
      await remove(temporary);
      throw error;
    }
  }
}

/** Removes a file; gives false where there is none. */
export async function remove(path: string): Promise<boolean> {
  try {
    await unlink(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
