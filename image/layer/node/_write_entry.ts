import { writeSync } from "node:fs";
import type { ArchiveEntry } from "../_tar_reader.ts";
import { type OutputFile, reopenOutputFile } from "./_output_file.ts";
import { writeSparse } from "./_write_sparse.ts";

/** Files from this size on are written while more is read. */
const LARGE = 1024 * 1024;

/**
 * Writes an entry's content into an open file, which it does not close; at once,
 * without a promise, where all of it has come. The path is the file's own, where
 * nobody else can put another.
 */
export function writeEntry(
  entry: ArchiveEntry,
  file: number,
  path: string,
): Promise<void> | undefined {
  if (entry.sparse !== undefined || !entry.isHere) {
    return writeLater(entry, file, path);
  }
  const piece = entry.takePiece();
  if (piece !== undefined) writeAll(file, piece);
  return undefined;
}

async function writeLater(
  entry: ArchiveEntry,
  file: number,
  path: string,
): Promise<void> {
  if (entry.sparse !== undefined) {
    return await writeSparse(entry, entry.sparse, file);
  }
  const beside = entry.header.size < LARGE
    ? undefined
    : await reopenOutputFile(path);
  if (beside !== undefined) return await writeBeside(entry, beside);
  do {
    for (
      let piece = entry.takePiece();
      piece !== undefined;
      piece = entry.takePiece()
    ) writeAll(file, piece);
  } while (await entry.wait());
}

async function writeBeside(
  entry: ArchiveEntry,
  file: OutputFile,
): Promise<void> {
  let writing: Promise<void> | undefined;
  try {
    do {
      const piece = entry.takePiece();
      if (piece === undefined) continue;
      await writing;
      writing = file.write(piece);
      // It may fail before anybody waits for it.
      writing.catch(() => {});
    } while (await entry.wait());
    await writing;
  } finally {
    await writing?.catch(() => {});
    await file.close();
  }
}

/** Writes all of a piece. */
function writeAll(file: number, piece: Uint8Array): void {
  let rest = piece;
  while (rest.byteLength > 0) rest = rest.subarray(writeSync(file, rest));
}
