import { readAll } from "../../distribution/_read_all.ts";
import type { Source } from "../../distribution/source.ts";
import { StoreError } from "../store_error.ts";
import type { TarIndex } from "./_tar_index.ts";

/** Reads a small file of an archive. */
export async function readSmall(
  tar: TarIndex,
  path: string,
  limit: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const source = tar.find(path);
  if (source === undefined) throw invalid(`it has no ${path}`);
  if (source.size > limit) throw invalid(`its ${path} is too large`);
  return await readWhole(source);
}

/** Reads a file whole. In a browser a `Response` would hide why a stream fails; this tells. */
export async function readWhole(
  source: Source,
): Promise<Uint8Array<ArrayBuffer>> {
  return await readAll(
    await source.open(),
    source.size,
    () => invalid("a file of it is longer than it says"),
  );
}

/** An archive that is not what it should be. */
export function invalid(what: string, cause?: unknown): StoreError {
  return new StoreError("STORE_INVALID", `Cannot read archive: ${what}`, {
    cause,
  });
}
