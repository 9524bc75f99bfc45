import { open } from "node:fs/promises";

/** What tells whether a file is still the one that was seen before. */
export interface FileVersion {
  /** Its size in bytes. */
  readonly size: number;
  /** When it was last written, in milliseconds since the epoch. */
  readonly modified: number;
  /** Its number in the file system, where that has one. */
  readonly ino: number;
}

/** A file that is read from a position on, piece by piece. */
export interface InputFile {
  /** Fills a buffer as far as one read goes, and gives how far; 0 at the end. */
  read(buffer: Uint8Array<ArrayBuffer>): Promise<number>;
  /** What the open file is now. */
  version(): Promise<FileVersion>;
  /** Closes it. */
  close(): Promise<void>;
}

/**
 * Opens a file whose reads run beside the caller; by `Deno.FsFile` where it
 * exists, because Deno's `node:fs` does a part of each read on the caller's thread.
 */
export async function openInputFile(
  path: string,
  position = 0,
): Promise<InputFile> {
  return "Deno" in globalThis
    ? await openByDeno(path, position)
    : await openByNode(path, position);
}

async function openByDeno(path: string, position: number): Promise<InputFile> {
  const file = await Deno.open(path);
  if (position > 0) await file.seek(position, Deno.SeekMode.Start);
  return {
    read: async (buffer) => await file.read(buffer) ?? 0,
    async version() {
      const { size, mtime, ino } = await file.stat();
      return { size, modified: mtime?.getTime() ?? 0, ino: ino ?? 0 };
    },
    close: () => Promise.resolve(file.close()),
  };
}

async function openByNode(path: string, position: number): Promise<InputFile> {
  const file = await open(path);
  let next = position;
  return {
    async read(buffer) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, next);
      next += bytesRead;
      return bytesRead;
    },
    version: async () => versionOf(await file.stat()),
    close: () => file.close(),
  };
}

/** The version of a file in what `node:fs` tells of it. */
export function versionOf(
  stats: {
    readonly size: number;
    readonly mtimeMs: number;
    readonly ino: number;
  },
): FileVersion {
  const { size, mtimeMs, ino } = stats;
  // Deno tells the time in whole milliseconds.
  return { size, modified: Math.floor(mtimeMs), ino };
}
