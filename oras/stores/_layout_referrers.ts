import { describeReferrer } from "../../distribution/server/referrer_description.ts";
import type { SignalOptions } from "../../distribution/signal_options.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import { isIndex } from "../../image/manifest_content.ts";
import { isManifestType } from "../../image/manifest_type.ts";
import { walk } from "../graph/walk.ts";
import type { Fetcher } from "../store.ts";

/** Finds what refers to what, among the listed manifests and those in their indexes. */
export async function findReferrers(
  store: Fetcher,
  entries: readonly Descriptor[],
  options: SignalOptions,
): Promise<ReadonlyMap<string, readonly Descriptor[]>> {
  const found = new Map<string, Descriptor[]>();
  await walk(store, entries, {
    ...options,
    concurrency: 1,
    enter: ({ mediaType }) => isManifestType(mediaType),
    successors: ({ value }) => isIndex(value) ? value.manifests : [],
    leave({ digest, mediaType }, content) {
      if (content === undefined) return;
      const { bytes } = content;
      const referrer = describeReferrer({ digest, mediaType, bytes });
      if (referrer === undefined) return;
      const list = found.get(referrer.subject);
      if (list === undefined) {
        found.set(referrer.subject, [referrer.descriptor]);
      } else list.push(referrer.descriptor);
    },
    onMissing() {},
  });
  return found;
}
