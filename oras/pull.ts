import { pullArtifact } from "./_pull.ts";
import * as steps from "./_pull_defaults.ts";
import type { PullOptions, StorePullResult } from "./pull_options.ts";
import type { ReadableStore } from "./store.ts";

/**
 * Pulls an artifact's files from any store.
 *
 * {@linkcode Registry.pull} does the same for a registry's repository by its name,
 * in steps that a subclass can override.
 *
 * @throws {NotFoundError | StoreError} There is no such artifact.
 * @throws {PathError} A title leads out of the output directory, or a path exists that must not be replaced.
 * @throws {ContentError} Content is not what its descriptor says.
 * @throws {LayerError} A packed directory is damaged, or an entry of it leads out.
 * @throws {ArtifactError} `PLATFORM_NOT_FOUND`: it has no manifest for the platform; `ARTIFACT_UNSUPPORTED`: it is neither a manifest nor an index.
 * @throws {RangeError} `concurrency` is no positive integer.
 *
 * @example
 * ```ts
 * import { MemoryStore, pull, push } from "@gantry/oci/oras";
 * import { assertEquals } from "@std/assert";
 *
 * const store = new MemoryStore();
 * const files = [{ title: "a.txt", content: "a" }, { content: "no name" }];
 * const { descriptor } = await push(store, { files });
 * const outdir = await Deno.makeTempDir();
 * const result = await pull(store, descriptor.digest, { outdir });
 * assertEquals(result.files.length, 1);
 * assertEquals(result.skipped.length, 1);
 * await Deno.remove(outdir, { recursive: true });
 * ```
 */
export async function pull(
  store: ReadableStore,
  reference: string,
  options: PullOptions = {},
): Promise<StorePullResult> {
  const { concurrency = 8, onProgress } = options;
  return await pullArtifact(
    { store, target: reference },
    { ...options, concurrency },
    {
      ...steps,
      placeFile: (title) => title,
      onExisting: (path, _descriptor, context) =>
        steps.onExisting(path, context),
      report: (event) => onProgress?.(event),
    },
  );
}
