import { DigestMismatchError } from "../digest/errors.ts";
import type { ProgressHook, ProgressPhase } from "../distribution/progress.ts";
import type { Reference } from "../distribution/reference.ts";
import type { Repository } from "../distribution/repository.ts";
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
import type { PushOptions, PushResult } from "./push_options.ts";
import type { LayerPlan, PushContext, PushSteps } from "./push_steps.ts";

/** Pushes an artifact by the steps that a provider gives: blobs, then the manifest, then tags. */
export async function pushArtifact(
  repository: Repository,
  reference: Reference,
  options: PushOptions & { readonly concurrency: number },
  steps: PushSteps,
): Promise<PushResult> {
  options.signal?.throwIfAborted();
  const context = await pushContext(reference, options);
  const plans = await planLayers(context, steps);
  const uploads = new Uploads(repository, (event) => steps.report(event));
  const config = await steps.makeConfig(context);
  try {
    const layers = await pushLayers(plans, context, steps, uploads);
    await uploads.push(config, undefined, context.signal);
    const manifest = await steps.makeManifest({
      config: config.descriptor,
      layers,
      annotations: manifestAnnotations(context),
    }, context);
    await pushEmpty(manifest, uploads, context);
    return await pushManifest(repository, manifest, context, steps);
  } finally {
    await config.release?.();
  }
}

async function pushLayers(
  plans: readonly LayerPlan[],
  context: PushContext,
  steps: PushSteps,
  uploads: Uploads,
): Promise<Descriptor[]> {
  const layers = new Array<Descriptor>(plans.length);
  await forEachConcurrent(
    [...plans.entries()],
    { limit: context.options.concurrency!, signal: context.signal },
    async ([index, plan], signal) => {
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
    readonly repository: Repository,
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
    const upload = this.repository.blobs.push(descriptor, source, {
      signal,
      name,
      onProgress: this.report,
    });
    this.#byDigest.set(digest, upload);
    try {
      await upload;
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
  repository: Repository,
  manifest: Manifest,
  context: PushContext,
  steps: PushSteps,
): Promise<PushResult> {
  const { options, reference, signal } = context;
  const content = await parseManifestContent(
    encodeJson(manifest),
    { mediaType: manifest.mediaType },
  );
  const { bytes, descriptor } = content;
  if (
    reference.digest !== undefined && reference.digest !== descriptor.digest
  ) {
    throw new DigestMismatchError(reference.digest, descriptor.digest);
  }
  const report = reporter(steps, content);
  report("uploading", 0);
  const { mediaType } = descriptor;
  const tags = new Set(options.tags);
  if (reference.tag !== undefined) {
    tags.delete(reference.tag);
    await repository.manifests.put(reference.tag, bytes, { mediaType, signal });
  } else if (tags.size === 0) {
    await repository.manifests.put(descriptor.digest, bytes, {
      mediaType,
      signal,
    });
  }
  await forEachConcurrent(
    [...tags],
    { limit: options.concurrency!, signal },
    async (tag, signal) => {
      await repository.manifests.put(tag, bytes, { mediaType, signal });
    },
  );
  report("uploaded", descriptor.size);
  const all = reference.tag === undefined
    ? [...tags]
    : [reference.tag, ...tags];
  return {
    reference: all[0] === undefined
      ? reference.withDigest(descriptor.digest)
      : reference.withTag(all[0]),
    descriptor,
    manifest: content as ManifestContent<Manifest>,
    tags: all,
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
