import { Repository } from "../../distribution/repository.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import { MediaTypes } from "../../image/media_type.ts";
import { StoreError } from "../store_error.ts";
import type { CommandStore } from "./_open_store.ts";

/** The descriptor of a blob of which only the digest is known. */
export async function findBlob(
  store: CommandStore,
  digest: string,
  signal: AbortSignal,
): Promise<Descriptor> {
  if (store instanceof Repository) {
    return await store.blobs.head(digest, { signal });
  }
  const { path } = store;
  const size = await fileSize(`${path}/blobs/${digest.replace(":", "/")}`);
  if (size === undefined) {
    throw new StoreError(
      "CONTENT_NOT_FOUND",
      `Cannot find ${digest} in ${path}`,
    );
  }
  return { mediaType: MediaTypes.octetStream, digest, size };
}

/** The size of a regular file; undefined where there is none. */
async function fileSize(path: string): Promise<number | undefined> {
  try {
    const { isFile, size } = await Deno.lstat(path);
    return isFile ? size : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
