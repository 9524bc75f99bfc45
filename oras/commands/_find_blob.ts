import { Repository } from "../../distribution/repository.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import type { CommandStore } from "./_open_store.ts";

/** The descriptor of a blob of which only the digest is known. */
export async function findBlob(
  store: CommandStore,
  digest: string,
  signal: AbortSignal,
): Promise<Descriptor> {
  return store instanceof Repository
    ? await store.blobs.head(digest, { signal })
    : await store.resolve(digest, { signal });
}
