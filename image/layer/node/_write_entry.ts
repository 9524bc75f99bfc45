import { write } from "node:fs";
import { LayerError } from "../errors.ts";
import type { TarEntry, TarEntryHeader } from "../read_tar.ts";
import { writeAll } from "./_staging.ts";

/** Below this, waiting for a write costs more than the write. */
const LARGE = 1024 * 1024;

/** Writes an entry's content into an open file, which it does not close. */
export async function writeEntry(
  { header, body }: TarEntry,
  file: number,
  explain: () => Promise<unknown>,
): Promise<void> {
  const reader = body.getReader();
  // A piece of a large file is written while the next one is read and hashed.
  let writing: Promise<void> | undefined;
  try {
    while (true) {
      let next: ReadableStreamReadResult<Uint8Array<ArrayBuffer>>;
      try {
        next = await reader.read();
      } catch (error) {
        await explain();
        throw error;
      }
      await writing;
      if (next.done) return;
      if (header.size < LARGE) writeAll(file, next.value);
      else {
        writing = writeBehind(file, next.value);
        // It may fail before anybody waits for it.
        writing.catch(() => {});
      }
    }
  } finally {
    await writing?.catch(() => {});
    reader.releaseLock();
  }
}

async function writeBehind(file: number, piece: Uint8Array): Promise<void> {
  let rest = piece;
  while (rest.byteLength > 0) {
    const count = await new Promise<number>((resolve, reject) => {
      write(file, rest, (error, written) => {
        if (error === null || error === undefined) resolve(written);
        else reject(error);
      });
    });
    rest = rest.subarray(count);
  }
}

/** Refuses a sparse file, whose content in the archive is not the file's. */
export function refuseSparse({ pax }: TarEntryHeader): void {
  for (const key in pax) {
    if (!key.startsWith("GNU.sparse.")) continue;
    throw new LayerError(
      "LAYER_INVALID",
      "Cannot read layer: sparse files are not supported",
    );
  }
}
