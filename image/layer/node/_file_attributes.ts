import {
  chmodSync,
  closeSync,
  futimesSync,
  lstatSync,
  utimesSync,
} from "node:fs";
import type { TarEntryHeader } from "../read_tar.ts";
import type { MadeDirectory } from "./_made_directories.ts";

/** What is left of a mode: an archive grants nobody another's rights. */
export const PERMISSIONS = 0o777;

/** Ends a file: sets its time and closes it. */
export function finishFile(file: number, header: TarEntryHeader): void {
  try {
    const time = fileTime(header.mtime);
    if (time !== undefined) futimesSync(file, time, time);
  } finally {
    closeSync(file);
  }
}

/** Gives a directory that is in its final place the mode and the time of its entry. */
export function finishDirectory(
  path: string,
  header: MadeDirectory["header"],
): void {
  const found = lstatSync(path);
  // The owner's bits were added so that it could be written to; the umask has had its say.
  chmodSync(path, found.mode & header.mode & PERMISSIONS);
  const time = fileTime(header.mtime);
  if (time !== undefined) utimesSync(path, time, time);
}

/** A time of an entry, where file systems can hold it. */
export function fileTime(date: Date): Date | undefined {
  return Math.abs(date.getTime()) <= 2 ** 33 * 1000 ? date : undefined;
}
