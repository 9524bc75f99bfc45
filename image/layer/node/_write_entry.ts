import { type ArchiveEntry, sparse } from "../_tar_reader.ts";
import type { TarEntryHeader } from "../read_tar.ts";
import { writeAll } from "./_staging.ts";

/** Files from this size on are written while more is read. */
const LARGE = 1024 * 1024;

/** What is used of a file of Deno's, which writes on another thread than `node:fs`. */
interface DenoFile {
  write(piece: Uint8Array): Promise<number>;
  close(): void;
}

const { Deno: deno } = globalThis as {
  Deno?: {
    open?(path: string, options: { write: true }): Promise<DenoFile>;
  };
};

/**
 * Writes an entry's content into an open file, which it does not close. The path
 * is the file's own, where nobody else can put another.
 */
export async function writeEntry(
  entry: ArchiveEntry,
  file: number,
  path: string,
): Promise<void> {
  const beside = entry.header.size < LARGE ? undefined : await reopen(path);
  if (beside !== undefined) return await writeBeside(entry, beside);
  do {
    for (
      let piece = entry.takePiece();
      piece !== undefined;
      piece = entry.takePiece()
    ) writeAll(file, piece);
  } while (await entry.wait());
}

/** The file once more, or undefined where it is written as any other: its mode may forbid this. */
async function reopen(path: string): Promise<DenoFile | undefined> {
  try {
    return await deno?.open?.(path, { write: true });
  } catch {
    return undefined;
  }
}

async function writeBeside(entry: ArchiveEntry, file: DenoFile): Promise<void> {
  let writing: Promise<void> | undefined;
  try {
    do {
      const piece = entry.takePiece();
      if (piece === undefined) continue;
      await writing;
      writing = writePiece(file, piece);
      // It may fail before anybody waits for it.
      writing.catch(() => {});
    } while (await entry.wait());
    await writing;
  } finally {
    await writing?.catch(() => {});
    file.close();
  }
}

async function writePiece(file: DenoFile, piece: Uint8Array): Promise<void> {
  let rest = piece;
  while (rest.byteLength > 0) rest = rest.subarray(await file.write(rest));
}

/** Refuses a sparse file, whose content in the archive is not the file's. */
export function refuseSparse({ name, sparse: isSparse }: TarEntryHeader): void {
  if (isSparse) throw sparse(name);
}
