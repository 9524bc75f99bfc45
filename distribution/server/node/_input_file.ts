import { type FileState, openForReading } from "./_files.ts";

/** A file that is read from a position on. */
export interface InputFile {
  /** Reads on into a buffer, and gives how much that was: 0 at the end. */
  read(buffer: Uint8Array<ArrayBuffer>): Promise<number>;
  /** Closes it. */
  close(): Promise<void>;
}

/**
 * Opens a regular file, as it was looked at before, for reading from a position on;
 * undefined where it is gone.
 *
 * Deno's `node:fs` reads at half the speed of `Deno.FsFile`, which is taken where it
 * exists. That one would follow a link put there meanwhile: so it is made sure that
 * the same file was opened.
 */
export async function openInputFile(
  path: string,
  state: FileState,
  position: number,
): Promise<InputFile | undefined> {
  return "Deno" in globalThis
    ? await openByDeno(path, state, position)
    : await openByNode(path, position);
}

async function openByDeno(
  path: string,
  { file: expected }: FileState,
  position: number,
): Promise<InputFile | undefined> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  try {
    const { dev, ino } = await file.stat();
    if (ino !== null && `${dev}:${ino}` !== expected) {
      file.close();
      return undefined;
    }
    if (position > 0) await file.seek(position, Deno.SeekMode.Start);
  } catch (error) {
    file.close();
    throw error;
  }
  return {
    read: async (buffer) => await file.read(buffer) ?? 0,
    close: () => Promise.resolve(file.close()),
  };
}

async function openByNode(
  path: string,
  position: number,
): Promise<InputFile | undefined> {
  const file = await openForReading(path);
  if (file === undefined) return undefined;
  let at = position;
  return {
    async read(buffer) {
      const { bytesRead } = await file.read(buffer, 0, buffer.byteLength, at);
      at += bytesRead;
      return bytesRead;
    },
    close: () => file.close(),
  };
}
