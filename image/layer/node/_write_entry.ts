import { type ArchiveEntry, sparse } from "../_tar_reader.ts";
import type { TarEntryHeader } from "../read_tar.ts";
import { writeAll } from "./_staging.ts";

/** Writes an entry's content into an open file, which it does not close. */
export async function writeEntry(
  entry: ArchiveEntry,
  file: number,
): Promise<void> {
  do {
    for (
      let piece = entry.takePiece();
      piece !== undefined;
      piece = entry.takePiece()
    ) writeAll(file, piece);
  } while (await entry.wait());
}

/** Refuses a sparse file, whose content in the archive is not the file's. */
export function refuseSparse({ name, sparse: isSparse }: TarEntryHeader): void {
  if (isSparse) throw sparse(name);
}
