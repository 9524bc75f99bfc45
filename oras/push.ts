import { pushArtifact } from "./_push.ts";
import * as steps from "./_push_defaults.ts";
import type { PushOptions, StorePushResult } from "./push_options.ts";
import type { WritableStore } from "./store.ts";

/**
 * Pushes files, directories and other content as one artifact to any store.
 *
 * {@linkcode Registry.push} does the same for a registry's repository by its name,
 * in steps that a subclass can override.
 *
 * @throws {PathError} A file is missing, is named twice, has an absolute path, or changes meanwhile.
 * @throws {ArtifactError} `ANNOTATIONS_INVALID`: the annotations or the file that holds them are malformed.
 * @throws {TypeError} Options contradict each other.
 * @throws {RangeError} `concurrency` is no positive integer, or `sourceDateEpoch` no number of seconds.
 * @throws {LayerError} A directory holds what cannot be packed.
 * @throws {RegistryError | StoreError} The store refused.
 *
 * @example
 * ```ts
 * import { MemoryStore, pull, push } from "@gantry/oci/oras";
 * import { assertEquals } from "@std/assert";
 *
 * const store = new MemoryStore();
 * await push(store, {
 *   files: [{ title: "hello.txt", content: "hello" }],
 *   tags: ["v1"],
 * });
 * const outdir = await Deno.makeTempDir();
 * const { files } = await pull(store, "v1", { outdir });
 * assertEquals(await Deno.readTextFile(files[0]!.path), "hello");
 * await Deno.remove(outdir, { recursive: true });
 * ```
 */
export async function push(
  store: WritableStore,
  options: PushOptions = {},
): Promise<StorePushResult> {
  const { concurrency = 8, onProgress } = options;
  return await pushArtifact({ store }, { ...options, concurrency }, {
    ...steps,
    report: (event) => onProgress?.(event),
  });
}
