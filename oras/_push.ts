import { DigestMismatchError } from "../digest/errors.ts";
import type { ProgressHook, ProgressPhase } from "../distribution/progress.ts";
import type { Reference } from "../distribution/reference.ts";
import { toSource } from "../distribution/source.ts";
import type { Descriptor } from "../image/descriptor.ts";
import { EMPTY_CONTENT, EMPTY_DESCRIPTOR } from "../image/empty_content.ts";
import { encodeJson } from "../image/encode_json.ts";
import type { Manifest } from "../image/manifest.ts";
import {
  type ManifestContent,
  parseManifestContent,
} from "../image/manifest_content.ts";
import { forEachConcurrent } from "./_pool.ts";
import { manifestAnnotations, pushContext } from "./_push_context.ts";
import { planLayers } from "./_push_plan.ts";
import { PathError } from "./errors.ts";
import type { PreparedContent } from "./layer.ts";
import type { PushOptions, StorePushResult } from "./push_options.ts";
import { ENOUGH, Newness } from "./graph/_newness.ts";
import { putTagged } from "./graph/_put_tagged.ts";
import type { LayerPlan, PushContext, PushSteps } from "./push_steps.ts";
import { can, type WritableStore } from "./store.ts";

/** Where an artifact goes. */
export interface PushTarget {
  /** The store. */
  readonly store: WritableStore;
  /** The whole name, where the store is of a registry. */
  readonly reference?: Reference | undefined;
  /** The digest that the manifest must have; that of the name where not given. */
  readonly digest?: string | undefined;
}

/** Pushes an artifact by the steps that a provider gives: blobs, then the manifest with its tags. */
export async function pushArtifact(
  { reference, store, digest = reference?.digest }: PushTarget,
  options: PushOptions & { readonly concurrency: number },
  steps: PushSteps,
): Promise<StorePushResult> {
  options.signal?.throwIfAborted();
  // Malformed tags are to be met before anything is uploaded.
  if (can(store, "checkTag")) {
    options.tags?.forEach((tag) => store.checkTag(tag));
  }
  const context = await pushContext(reference, options);
  const plans = await planLayers(context, steps);
  const newness = await newnessFor(store, plans.length, context.signal);
  const uploads = new Uploads(store, newness, (event) => steps.report(event));
  const config = await steps.makeConfig(context);
  try {
    const layers = await pushBlobs(config, plans, context, steps, uploads);
    const manifest = await steps.makeManifest({
      config: config.descriptor,
      layers,
      annotations: manifestAnnotations(context),
    }, context);
    await pushEmpty(manifest, uploads, context);
    return await pushManifest(store, digest, { manifest, context, steps });
  } finally {
    await config.release?.();
  }
}

/** Of how many layers on it pays to ask whether the store holds anything at all. */
const MANY = 2 * ENOUGH;

async function newnessFor(
  store: WritableStore,
  layers: number,
  signal: AbortSignal | undefined,
): Promise<Newness> {
  const isNew = layers > MANY && can(store, "isNew") &&
    await store.isNew({ signal });
  return new Newness(isNew);
}

/** Makes and uploads the layers, and the config beside them. */
async function pushBlobs(
  config: PreparedContent,
  plans: readonly LayerPlan[],
  context: PushContext,
  steps: PushSteps,
  uploads: Uploads,
): Promise<Descriptor[]> {
  const layers = new Array<Descriptor>(plans.length);
  // First the config: it is uploaded while the layers are still read or packed.
  await forEachConcurrent(
    [undefined, ...plans.entries()],
    { limit: context.options.concurrency!, signal: context.signal },
    async (entry, signal) => {
      if (entry === undefined) {
        return await uploads.push(config, undefined, signal);
      }
      const [index, plan] = entry;
      const name = plan.title ?? plan.input.path;
      const { mediaType } = plan;
      steps.report({
        descriptor: { mediaType, digest: "", size: 0 },
        name,
        phase: "preparing",
        transferred: 0,
        total: 0,
      });
      const layer = await steps.makeLayer(plan, { ...context, signal });
      try {
        layers[index] = layer.descriptor;
        await uploads.push(layer, name, signal);
      } finally {
        await layer.release?.();
      }
    },
  );
  return layers;
}

/** The blobs of one push, each of which is uploaded once. */
class Uploads {
  readonly #byDigest = new Map<string, Promise<unknown>>();

  constructor(
    readonly store: WritableStore,
    readonly newness: Newness,
    readonly report: ProgressHook,
  ) {}

  has(digest: string): boolean {
    return this.#byDigest.has(digest);
  }

  async push(
    content: PreparedContent,
    name: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { descriptor, source } = content;
    const { digest, size } = descriptor;
    const running = this.#byDigest.get(digest);
    if (running !== undefined) {
      await running;
      this.report({
        descriptor,
        name,
        phase: "exists",
        transferred: size,
        total: size,
      });
      return;
    }
    const upload = this.store.push(descriptor, source, {
      signal,
      name,
      skipCheck: !this.newness.mustAsk(),
      onProgress: this.report,
    });
    this.#byDigest.set(digest, upload);
    try {
      if (await upload === "exists") this.newness.found();
    } catch (error) {
      signal?.throwIfAborted();
      throw sourceFailure(error) ?? error;
    }
  }
}

/** What is wrong with the file that was uploaded, where that made the upload fail. */
function sourceFailure(error: unknown): PathError | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof PathError) return at;
  }
  return undefined;
}

/** Uploads the content `{}` where a manifest needs it that no step has made. */
async function pushEmpty(
  manifest: Manifest,
  uploads: Uploads,
  context: PushContext,
): Promise<void> {
  const { digest } = EMPTY_DESCRIPTOR;
  const needed = [manifest.config, ...manifest.layers]
    .some((descriptor) => descriptor.digest === digest);
  if (!needed || uploads.has(digest)) return;
  const source = toSource(EMPTY_CONTENT);
  const content = { descriptor: EMPTY_DESCRIPTOR, source };
  await uploads.push(content, undefined, context.signal);
}

async function pushManifest(
  store: WritableStore,
  wanted: string | undefined,
  push: { manifest: Manifest; context: PushContext; steps: PushSteps },
): Promise<StorePushResult> {
  const { manifest, context, steps } = push;
  const { options, reference, signal } = context;
  const content = await parseManifestContent(
    encodeJson(manifest),
    { mediaType: manifest.mediaType },
  );
  const { bytes, descriptor } = content;
  const { digest } = descriptor;
  if (wanted !== undefined && wanted !== digest) {
    throw new DigestMismatchError(wanted, digest);
  }
  const report = reporter(steps, content);
  report("uploading", 0);
  const tags = [...new Set([reference?.tag ?? [], options.tags ?? []].flat())];
  await putTagged(store, { bytes, descriptor }, tags, { signal });
  report("uploaded", descriptor.size);
  return {
    descriptor,
    manifest: content as ManifestContent<Manifest>,
    tags,
  };
}

function reporter(
  steps: PushSteps,
  { descriptor }: ManifestContent,
): (phase: ProgressPhase, transferred: number) => void {
  return (phase, transferred) =>
    steps.report({
      descriptor,
      phase,
      transferred,
      total: descriptor.size,
    });
}
