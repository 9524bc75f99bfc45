import { Repository } from "../../distribution/repository.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import { StoreError } from "../store_error.ts";
import { layoutBlob } from "./_layout_blob.ts";
import type { SourceStore } from "./_open_store.ts";

/** The descriptor of a blob of which only the digest is known. */
export async function findBlob(
  store: SourceStore,
  digest: string,
  signal: AbortSignal,
): Promise<Descriptor> {
  if (store instanceof Repository) {
    return await store.blobs.head(digest, { signal });
  }
  if ("findBlob" in store) return await store.findBlob(digest, signal);
  const { path } = store;
  const blob = await layoutBlob(path, digest);
  if (blob !== undefined) return blob;
  throw new StoreError("CONTENT_NOT_FOUND", `Cannot find ${digest} in ${path}`);
}
