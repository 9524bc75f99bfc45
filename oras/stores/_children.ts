import { OciError } from "../../digest/oci_error.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import { isIndex } from "../../image/manifest_content.ts";
import { readManifest } from "../graph/_read_manifest.ts";
import type { Fetcher } from "../store.ts";

/** The digests of the manifests that an index in a store lists; of all else, none. */
export async function childrenOf(
  store: Fetcher,
  descriptor: Descriptor,
): Promise<readonly string[]> {
  try {
    const { value } = await readManifest(store, descriptor, {});
    return isIndex(value) ? value.manifests.map(({ digest }) => digest) : [];
  } catch (error) {
    // What cannot be read here was nonetheless to be stored.
    if (error instanceof OciError) return [];
    throw error;
  }
}
