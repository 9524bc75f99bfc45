import type { Platform } from "../image/platform.ts";
import { attachArtifact } from "./_attach.ts";
import * as steps from "./_push_defaults.ts";
import type { PushOptions, StorePushResult } from "./push_options.ts";
import type { Descriptor } from "../image/descriptor.ts";
import type { ReadableStore, WritableStore } from "./store.ts";

/** What {@linkcode attach} is told. */
export interface AttachOptions
  extends Omit<PushOptions, "artifactPlatform" | "imageSpec" | "subject"> {
  /** The type of the artifact, which tells what it says about its subject. */
  readonly artifactType: string;
  /** Attach to the manifest for this platform, where the subject is an index. */
  readonly platform?: Platform | undefined;
}

/** What an attach has made. */
export interface AttachResult extends StorePushResult {
  /** The manifest that it says something about. */
  readonly subject: Descriptor;
}

/**
 * Pushes an artifact that says something about a manifest: a signature, an SBOM, a
 * scan. It gets no tag, unless `tags` names some, and is found by its subject.
 *
 * Follows image-spec `manifest.md` §subject and distribution-spec §Listing Referrers.
 *
 * @throws {TypeError} There is neither a file nor an annotation, or options contradict each other.
 * @throws {NotFoundError | StoreError} There is no such subject.
 * @throws {ArtifactError} `PLATFORM_NOT_FOUND`: the subject has no manifest for the platform.
 * @throws {PathError} A file is missing, is named twice, has an absolute path, or changes meanwhile.
 *
 * @example
 * ```ts
 * import { attach, MemoryStore, push } from "@gantry/oci/oras";
 * import { assertEquals } from "@std/assert";
 *
 * const store = new MemoryStore();
 * await push(store, { files: [{ title: "app", content: "…" }], tags: ["v1"] });
 * const { descriptor } = await attach(store, "v1", {
 *   artifactType: "application/vnd.example.sbom",
 *   files: [{ title: "sbom.json", content: "{}" }],
 * });
 * const referrers = store.listReferrers(await store.resolve("v1"));
 * const digests = (await Array.fromAsync(referrers)).map(({ digest }) => digest);
 * assertEquals(digests, [descriptor.digest]);
 * ```
 */
export async function attach(
  store: ReadableStore & WritableStore,
  reference: string,
  options: AttachOptions,
): Promise<AttachResult> {
  const { concurrency = 8, onProgress } = options;
  return await attachArtifact({ store, subject: reference }, {
    ...options,
    concurrency,
  }, { ...steps, report: (event) => onProgress?.(event) });
}
