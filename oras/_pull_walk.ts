import type { Descriptor } from "../image/descriptor.ts";
import {
  isIndex,
  isManifest,
  type ManifestContent,
} from "../image/manifest_content.ts";
import { MediaTypes } from "../image/media_type.ts";
import { forEachConcurrent } from "./_pool.ts";
import { readManifest } from "./graph/_read_manifest.ts";
import type { PullContext, PullSteps } from "./pull_steps.ts";
import type { Fetcher } from "./store.ts";

const MANIFEST_TYPES: ReadonlySet<string> = new Set([
  MediaTypes.manifest,
  MediaTypes.index,
  MediaTypes.dockerManifest,
  MediaTypes.dockerManifestList,
]);

/** What stands below a manifest. */
export interface CollectedLayers {
  /** The layers that are wanted, of all manifests. */
  readonly layers: readonly Descriptor[];
  /** The other manifests that were read for that. */
  readonly manifests: readonly Descriptor[];
}

/**
 * Collects the layers below a manifest or index, level by level; each manifest is
 * fetched once, however often it is pointed at.
 */
export async function collectLayers(
  store: Fetcher,
  root: ManifestContent,
  context: PullContext,
  steps: PullSteps,
): Promise<CollectedLayers> {
  const { options, signal } = context;
  const limit = options.concurrency!;
  const seen = new Set([root.descriptor.digest]);
  const layers: Descriptor[] = [];
  const manifests: Descriptor[] = [];
  let level: ManifestContent[] = [root];
  while (level.length > 0) {
    const below: Descriptor[] = [];
    for (const { value } of level) {
      if (isIndex(value)) {
        for (const child of value.manifests) {
          if (!MANIFEST_TYPES.has(child.mediaType)) layers.push(child);
          else below.push(child);
        }
      } else if (isManifest(value)) {
        layers.push(...await steps.selectLayers(value, context));
      }
      if (value.subject !== undefined && options.includeSubject) {
        below.push(value.subject);
      }
    }
    const unseen = below.filter(({ digest }) =>
      !seen.has(digest) && seen.add(digest)
    );
    const next = new Array<ManifestContent>(unseen.length);
    await forEachConcurrent(
      [...unseen.entries()],
      { limit, signal },
      async ([index, descriptor], signal) => {
        report(steps, "downloading", descriptor);
        next[index] = await readManifest(store, descriptor, { signal });
        report(steps, "processing", descriptor);
      },
    );
    manifests.push(...unseen);
    level = next;
  }
  return { layers, manifests };
}

function report(
  steps: PullSteps,
  phase: "downloading" | "processing",
  descriptor: Descriptor,
): void {
  const { size } = descriptor;
  const transferred = phase === "processing" ? size : 0;
  steps.report({ descriptor, phase, transferred, total: size });
}
