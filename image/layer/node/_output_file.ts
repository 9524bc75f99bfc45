import { open } from "node:fs/promises";

/** A file that is written from its start. */
export interface OutputFile {
  /** Writes the whole of a piece behind the one before; the piece must not change meanwhile. */
  write(piece: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Closes it. */
  close(): Promise<void>;
}

/**
 * Makes a file whose writes run beside the caller; by `Deno.FsFile` where it exists,
 * because Deno's `node:fs` writes on the caller's own thread.
 */
export async function makeOutputFile(path: string): Promise<OutputFile> {
  return "Deno" in globalThis
    ? outputFile(await Deno.open(path, { write: true, createNew: true }))
    : await makeByNode(path);
}

/**
 * Opens a file that was just made once more, or gives undefined where the runtime has
 * nothing better than what it was made by, or the file's mode forbids it.
 */
export async function reopenOutputFile(
  path: string,
): Promise<OutputFile | undefined> {
  if (!("Deno" in globalThis)) return undefined;
  try {
    return outputFile(await Deno.open(path, { write: true }));
  } catch {
    return undefined;
  }
}

function outputFile(file: Deno.FsFile): OutputFile {
  return {
    async write(piece) {
      let rest = piece;
      while (rest.byteLength > 0) rest = rest.subarray(await file.write(rest));
    },
    close: () => Promise.resolve(file.close()),
  };
}

async function makeByNode(path: string): Promise<OutputFile> {
  const file = await open(path, "wx");
  return {
    async write(piece) {
      let rest = piece;
      while (rest.byteLength > 0) {
        rest = rest.subarray((await file.write(rest)).bytesWritten);
      }
    },
    close: () => file.close(),
  };
}
