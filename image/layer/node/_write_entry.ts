import { type ArchiveEntry, sparse } from "../_tar_reader.ts";
import type { TarEntryHeader } from "../read_tar.ts";
import { type OutputFile, reopenOutputFile } from "./_output_file.ts";
import { writeAll } from "./_staging.ts";

/** Files from this size on are written while more is read. */
const LARGE = 1024 * 1024;

/**
 * Writes an entry's content into an open file, which it does not close. The path
 * is the file's own, where nobody else can put another.
 */
export async function writeEntry(
  entry: ArchiveEntry,
  file: number,
  path: string,
): Promise<void> {
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

/** Refuses a sparse file, whose content in the archive is not the file's. */
export function refuseSparse({ name, sparse: isSparse }: TarEntryHeader): void {
  if (isSparse) throw sparse(name);
}
