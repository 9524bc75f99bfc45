import { LayerError } from "../errors.ts";
import type { TarEntry, TarEntryHeader } from "../read_tar.ts";
import { writeAll } from "./_staging.ts";

/** Writes an entry's content into an open file, which it does not close. */
export async function writeEntry(
  { body }: TarEntry,
  file: number,
  explain: () => Promise<unknown>,
): Promise<void> {
  const reader = body.getReader();
  try {
    while (true) {
      let next: ReadableStreamReadResult<Uint8Array<ArrayBuffer>>;
      try {
        next = await reader.read();
      } catch (error) {
        await explain();
        throw error;
      }
      if (next.done) return;
      // Deno writes on the same thread either way, so that a callback gains nothing.
      writeAll(file, next.value);
    }
  } finally {
    reader.releaseLock();
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
