import type { RawManifest } from "../../distribution/manifests.ts";
import { Repository } from "../../distribution/repository.ts";
import { isIndex, parseManifest } from "../../image/manifest_content.ts";
import type { Platform } from "../../image/platform.ts";
import { manifestForPlatform } from "../_platform.ts";
import type { SourceStore } from "./_open_store.ts";

/**
 * Fetches a manifest, or that for a platform among those of an index: then with the
 * descriptor that stands in the index.
 */
export async function fetchManifest(
  store: SourceStore,
  reference: string,
  options: {
    readonly accept?: readonly string[] | undefined;
    readonly platform?: Platform | undefined;
    readonly signal: AbortSignal;
  },
): Promise<RawManifest> {
  const { accept, platform, signal } = options;
  const { bytes, descriptor } = store instanceof Repository
    ? await store.manifests.fetch(reference, { accept, signal })
    : await store.fetchManifest(reference, { accept, signal });
  if (platform === undefined) return { bytes, descriptor };
  const { mediaType } = descriptor;
  const value = parseManifest(bytes, { mediaType });
  const chosen = await manifestForPlatform(
    store,
    { bytes, descriptor, value },
    platform,
    { signal },
  );
  const entry = isIndex(value)
    ? value.manifests.find(({ digest }) => digest === chosen.descriptor.digest)
    : undefined;
  return { bytes: chosen.bytes, descriptor: entry ?? chosen.descriptor };
}
