import type { Reference } from "../distribution/reference.ts";
import { EMPTY_DESCRIPTOR } from "../image/empty_content.ts";
import type { Descriptor } from "../image/descriptor.ts";
import {
  isIndex,
  isManifest,
  type ManifestContent,
} from "../image/manifest_content.ts";
import { globTest } from "./_glob.ts";
import { manifestForPlatform } from "./_platform.ts";
import { collectLayers } from "./_pull_walk.ts";
import { ArtifactError } from "./errors.ts";
import type {
  PulledFile,
  PullOptions,
  StorePullResult,
} from "./pull_options.ts";
import { resolveManifest } from "./graph/_read_manifest.ts";
import type { PullContext, PullSteps } from "./pull_steps.ts";
import type { ReadableStore } from "./store.ts";

/** A layer and what it is called. */
export interface NamedLayer {
  /** The layer. */
  readonly descriptor: Descriptor;
  /** Its title. */
  readonly title: string;
  /** Its path, relative to the output directory. */
  readonly name: string;
  /** Whether it is unpacked. */
  readonly unpack: boolean;
}

/** Where an artifact is. */
export interface PullSource {
  /** The store. */
  readonly store: ReadableStore;
  /** The tag or digest. */
  readonly target: string;
  /** The whole name, where the store is of a registry. */
  readonly reference?: Reference | undefined;
}

/** Pulls an artifact by the steps that a provider gives. */
export async function pullArtifact(
  { reference, store, target }: PullSource,
  options: PullOptions & { readonly concurrency: number },
  steps: PullSteps,
): Promise<StorePullResult> {
  const { outdir = ".", signal } = options;
  signal?.throwIfAborted();
  const context: PullContext = { reference, outdir, signal, options };
  const { manifests, named, root, skipped } = await selectContent(
    { reference, store, target },
    context,
    steps,
  );
  const { descriptor } = root;
  let files: PulledFile[] = [];
  if (named.length > 0) {
    const { writeLayers } = await import("./node/write_layers.ts");
    files = await writeLayers(store, named, context, steps);
  }
  for (const manifest of [...manifests, descriptor]) {
    const { size: total } = manifest;
    steps.report({
      descriptor: manifest,
      phase: "downloaded",
      transferred: total,
      total,
    });
  }
  return { descriptor, manifest: root, files, skipped };
}

/** What an artifact holds of what the options want. */
export interface SelectedContent {
  /** The manifest or index. */
  readonly root: ManifestContent;
  /** The manifests below it that were read. */
  readonly manifests: readonly Descriptor[];
  /** What has a name. */
  readonly named: readonly NamedLayer[];
  /** What has none. */
  readonly skipped: readonly Descriptor[];
}

/** Reads the manifests of an artifact, and finds what is to be pulled of it. */
export async function selectContent(
  { reference, store, target }: PullSource,
  context: PullContext,
  steps: PullSteps,
): Promise<SelectedContent> {
  const { platform } = context.options;
  const { signal } = context;
  const included = includedBy(context.options.include);
  let root = await resolveManifest(store, target, { signal });
  if (platform !== undefined) {
    root = await manifestForPlatform(store, root, platform, { signal });
  }
  const { descriptor, value } = root;
  if (!isIndex(value) && !isManifest(value)) {
    throw new ArtifactError(
      "ARTIFACT_UNSUPPORTED",
      `Cannot pull ${
        reference ?? target
      }: ${descriptor.mediaType} is neither a manifest nor an index`,
    );
  }
  const total = descriptor.size;
  steps.report({ descriptor, phase: "downloading", transferred: 0, total });
  steps.report({ descriptor, phase: "processing", transferred: total, total });
  const { layers, manifests } = await collectLayers(
    store,
    root,
    context,
    steps,
  );
  const content = await nameLayers(layers, included, context, steps);
  return { root, manifests, ...content };
}

/** A test for titles; undefined where all are wanted. */
function includedBy(
  patterns: readonly string[] | undefined,
): ((title: string) => boolean) | undefined {
  if (patterns === undefined) return undefined;
  const tests = patterns.map(globTest);
  return (title) => tests.some((test) => test(title));
}

async function nameLayers(
  layers: readonly Descriptor[],
  included: ((title: string) => boolean) | undefined,
  context: PullContext,
  steps: PullSteps,
): Promise<{ named: NamedLayer[]; skipped: Descriptor[] }> {
  const named: NamedLayer[] = [];
  const skipped: Descriptor[] = [];
  const seen = new Set<string>();
  for (const descriptor of layers) {
    const title = await steps.titleOf(descriptor, context);
    if (included !== undefined) {
      if (title === undefined || !included(title)) continue;
    }
    if (title === undefined) {
      const { digest, size: total } = descriptor;
      if (digest === EMPTY_DESCRIPTOR.digest || seen.has(digest)) continue;
      seen.add(digest);
      skipped.push(descriptor);
      steps.report({ descriptor, phase: "skipped", transferred: 0, total });
      continue;
    }
    const unpack = await steps.unpacks(descriptor, context);
    // A packed directory brings its place with it, in the names of its entries.
    const name = unpack
      ? title
      : await steps.placeFile(title, descriptor, context);
    named.push({ descriptor, title, name, unpack });
  }
  return { named, skipped };
}
