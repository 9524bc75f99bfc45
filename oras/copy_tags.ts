import type { SignalOptions } from "../distribution/signal_options.ts";
import { copy } from "./copy.ts";
import { isReferrersTag } from "./_is_referrers_tag.ts";
import { step } from "./copy_error.ts";
import type { CopyOptions, CopyResult } from "./copy_options.ts";
import {
  can,
  type ReadableStore,
  type ReferrerLister,
  type TagLister,
  type WritableStore,
} from "./store.ts";
import { StoreError } from "./store_error.ts";

/** Which tags are copied, and how. */
export interface CopyTagsOptions extends Omit<CopyOptions, "tags"> {
  /**
   * The tags.
   *
   * @default {all, save for those of lists of referrers}
   */
  readonly tags?: readonly string[] | undefined;
  /** Told of each tag as it is done. */
  readonly onTag?: ((tag: string, result: CopyResult) => void) | undefined;
}

/**
 * Copies many tags from one store to another under the same names: a backup to an
 * image layout, and the way back. With `recursive`, what refers to them comes, too.
 *
 * One tag is copied after the other, and the content of one that the target has got
 * with an earlier one is not moved again.
 *
 * @returns What was done for each tag, in order.
 * @throws {CopyError} A tag cannot be copied; those before it are.
 * @throws {RangeError} `concurrency` is no positive integer.
 *
 * @example Back up a repository
 * ```ts
 * import { copyTags, MemoryStore } from "@gantry/oci/oras";
 * import { fromHandler, RegistryClient } from "@gantry/oci/distribution";
 * import { createRegistry } from "@gantry/oci/distribution/server";
 * import { assertEquals } from "@std/assert";
 *
 * const transport = fromHandler(createRegistry().fetch);
 * const client = new RegistryClient("registry.example", { transport });
 * const repository = client.repository("team/app");
 * const index = new TextEncoder().encode('{"schemaVersion":2,"manifests":[]}');
 * const mediaType = "application/vnd.oci.image.index.v1+json";
 * for (const tag of ["v1", "v2"]) await repository.manifests.put(tag, index, { mediaType });
 *
 * const backup = new MemoryStore();
 * const results = await copyTags(repository, backup, { recursive: true });
 * assertEquals([...results.keys()], ["v1", "v2"]);
 * assertEquals(await Array.fromAsync(backup.listTags()), ["v1", "v2"]);
 * ```
 */
export async function copyTags(
  source: ReadableStore & Partial<TagLister & ReferrerLister>,
  target: WritableStore,
  options: CopyTagsOptions = {},
): Promise<ReadonlyMap<string, CopyResult>> {
  const { onTag, tags, ...rest } = options;
  const { signal } = options;
  const results = new Map<string, CopyResult>();
  const names = tags ?? await step(
    signal,
    { operation: "list", origin: "source" },
    () => listTags(source, { signal }),
  );
  for (const tag of names) {
    const result = await copy(source, tag, target, tag, rest);
    results.set(tag, result);
    onTag?.(tag, result);
  }
  return results;
}

async function listTags(
  source: object,
  options: SignalOptions,
): Promise<string[]> {
  if (!can(source, "listTags")) {
    throw new StoreError(
      "STORE_UNSUPPORTED",
      "Cannot copy all tags: the source does not list them",
    );
  }
  const tags: string[] = [];
  for await (const tag of source.listTags(options)) {
    if (!isReferrersTag(tag)) tags.push(tag);
  }
  return tags;
}
