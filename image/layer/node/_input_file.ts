import { constants, openSync } from "node:fs";
import { open } from "node:fs/promises";
import { changed, explain, replaced } from "./_refusal.ts";
import { type Found, lookAt } from "./_walk.ts";

/**
 * How a file is opened: neither is a link followed nor a pipe's writer waited for that
 * took its place since it was looked at.
 */
const READ: number = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) |
  (constants.O_NONBLOCK ?? 0);

/**
 * Opens a file that was looked at, for the calls that do not wait.
 *
 * @throws {LayerError} It is gone.
 */
export function openInput(path: string): number {
  try {
    return openSync(path, READ);
  } catch (error) {
    throw explain(error, path);
  }
}

/** A file that is read from its start. */
export interface InputFile {
  /** Fills a buffer as far as one read goes, and gives how far; 0 at the end. */
  read(buffer: Uint8Array<ArrayBuffer>): Promise<number>;
  /** Its size now. */
  size(): Promise<number>;
  /** Closes it. */
  close(): Promise<void>;
}

/**
 * Opens a file whose reads run beside the caller; by `Deno.FsFile` where it exists,
 * because Deno's `node:fs` does a part of each read on the caller's thread.
 *
 * @throws {LayerError} It is not the file that was looked at.
 */
export async function openInputFile(found: Found): Promise<InputFile> {
  const { inode, name, path } = found;
  try {
    // What opens it in Deno would wait for the writer of a pipe, and follow a link.
    const now = lookAt(path, name);
    if (now.kind !== "file" || now.inode !== inode) throw replaced(path);
    return "Deno" in globalThis
      ? await openByDeno(found) ?? await openByNode(found)
      : await openByNode(found);
  } catch (error) {
    throw explain(error, path);
  }
}

async function openByDeno(
  { inode, path }: Found,
): Promise<InputFile | undefined> {
  const file = await Deno.open(path);
  const { dev, ino } = await file.stat();
  if (!Number.isSafeInteger(ino) || `${dev}:${ino}` !== inode) {
    file.close();
    // Where inodes have no numbers that fit, nothing is known.
    if (!Number.isSafeInteger(ino)) return undefined;
    throw changed(path);
  }
  return {
    read: async (buffer) => await file.read(buffer) ?? 0,
    size: async () => (await file.stat()).size,
    close: () => Promise.resolve(file.close()),
  };
}

async function openByNode({ path }: Found): Promise<InputFile> {
  const file = await open(path, READ);
  return {
    async read(buffer) {
      const { byteLength } = buffer;
      return (await file.read(buffer, 0, byteLength, null)).bytesRead;
    },
    size: async () => (await file.stat()).size,
    close: () => file.close(),
  };
}
