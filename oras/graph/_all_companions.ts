import type { SignalOptions } from "../../distribution/signal_options.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import { isManifestType } from "../../image/manifest_type.ts";
import { successors } from "../../image/successors.ts";
import { forEachConcurrent } from "../_pool.ts";
import type { ReadableStore } from "../store.ts";
import {
  type Companion,
  type CompanionOptions,
  Companions,
} from "./_companions.ts";
import { walk } from "./walk.ts";

/** What is asked about at once. */
const CONCURRENCY = 6;

/**
 * All that a copy brings along with a manifest without being pointed at by it: its
 * companions, those of the manifests below it, and theirs, in the order of their digests.
 */
export async function allCompanions(
  source: ReadableStore,
  root: Descriptor,
  { signal, ...wanted }: CompanionOptions & SignalOptions,
): Promise<readonly Companion[]> {
  if (!wanted.recursive && !wanted.digestTags) return [];
  const companions = new Companions(source, wanted);
  const seen = new Set<string>();
  const found = new Map<string, Companion>();
  let level: readonly Descriptor[] = [root];
  while (level.length > 0) {
    const manifests: Descriptor[] = [];
    await walk(source, level, {
      signal,
      enter(descriptor) {
        if (!isManifestType(descriptor.mediaType)) return false;
        if (seen.has(descriptor.digest)) return false;
        seen.add(descriptor.digest);
        manifests.push(descriptor);
        return true;
      },
      // What a referrer is about is where it was found.
      successors: ({ value }) =>
        successors(value).filter(({ digest }) =>
          digest !== value.subject?.digest
        ),
    });
    const next: Descriptor[] = [];
    const limits = { limit: CONCURRENCY, signal };
    await forEachConcurrent(manifests, limits, async (manifest, signal) => {
      for (const one of await companions.find(manifest, { signal })) {
        found.set(`${one.descriptor.digest} ${one.tags.join()}`, one);
        next.push(one.descriptor);
      }
    });
    level = next;
  }
  return [...found.keys()].sort().map((key) => found.get(key)!);
}
