import type { Reference } from "../distribution/reference.ts";
import { manifestForPlatform } from "./_platform.ts";
import { pushArtifact } from "./_push.ts";
import type { AttachOptions, AttachResult } from "./attach.ts";
import { resolveManifest } from "./graph/_read_manifest.ts";
import type { PushSteps } from "./push_steps.ts";
import type { ReadableStore, WritableStore } from "./store.ts";

/** What an artifact is attached to. */
export interface AttachTarget {
  /** The store. */
  readonly store: ReadableStore & WritableStore;
  /** The tag or digest of the subject. */
  readonly subject: string;
  /** The subject's whole name, where the store is of a registry. */
  readonly reference?: Reference | undefined;
}

/** Attaches an artifact by the steps that a provider gives. */
export async function attachArtifact(
  { reference, store, subject }: AttachTarget,
  options: AttachOptions & { readonly concurrency: number },
  steps: PushSteps,
): Promise<AttachResult> {
  const { annotations = {}, annotationFile, files = [], platform, signal } =
    options;
  const isEmpty = files.length === 0 && annotationFile === undefined &&
    Object.keys(annotations).length === 0;
  if (isEmpty) {
    throw new TypeError(
      "Cannot attach artifact: it has neither a file nor an annotation",
    );
  }
  let { digest, mediaType, size } = await store.resolve(subject, { signal });
  if (platform !== undefined) {
    const content = await resolveManifest(store, subject, { signal });
    const chosen = await manifestForPlatform(store, content, platform, {
      signal,
    });
    ({ digest, mediaType, size } = chosen.descriptor);
  }
  const plain = { mediaType, digest, size };
  // What is attached has no name of its own: the steps see the subject's, without its tag.
  const result = await pushArtifact(
    {
      reference: reference?.withTag(undefined),
      store,
      digest: undefined,
    },
    { ...options, imageSpec: "v1.1", subject: plain },
    steps,
  );
  return { ...result, subject: plain };
}
