import { ftruncateSync, writeSync } from "node:fs";
import { type SparseFile, take } from "../_sparse.ts";
import type { ArchiveEntry } from "../_tar_reader.ts";

/**
 * Writes the stored parts of a sparse file where they belong in an open and empty
 * one. What is between them takes no room where the file system has holes.
 */
export async function writeSparse(
  entry: ArchiveEntry,
  { segments, size }: SparseFile,
  file: number,
): Promise<void> {
  for (const { length, offset } of segments) {
    let position = offset;
    for await (const piece of take(entry, length)) {
      let rest = piece;
      while (rest.byteLength > 0) {
        const count = writeSync(file, rest, 0, rest.byteLength, position);
        position += count;
        rest = rest.subarray(count);
      }
    }
  }
  ftruncateSync(file, size);
}
