import type { SignalOptions } from "../../distribution/signal_options.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import type { ManifestContent } from "../../image/manifest_content.ts";
import { isManifestType } from "../../image/manifest_type.ts";
import { successors as allSuccessors } from "../../image/successors.ts";
import type { Fetcher } from "../store.ts";
import { isNotFound } from "../store_error.ts";
import { HeldManifests } from "./_held_manifests.ts";
import { readManifest } from "./_read_manifest.ts";
import { Traversal } from "./_traversal.ts";

/** What is done on the way through a graph. */
export interface WalkOptions extends SignalOptions {
  /**
   * How many nodes are looked at at once.
   *
   * @default {6}
   */
  readonly concurrency?: number | undefined;
  /**
   * Called first for each piece of content, before what it points at. With false,
   * what it points at is left out, and it comes to `leave` without its content.
   */
  readonly enter?:
    | ((descriptor: Descriptor) => boolean | void | Promise<boolean | void>)
    | undefined;
  /** Called for each piece when all that it points at is done with; a manifest comes with its content. */
  readonly leave?:
    | ((
      descriptor: Descriptor,
      content: ManifestContent | undefined,
    ) => void | Promise<void>)
    | undefined;
  /**
   * What of a manifest is gone into.
   *
   * @default {successors(content.value)}
   */
  readonly successors?:
    | ((content: ManifestContent) => readonly Descriptor[])
    | undefined;
  /**
   * Called where a manifest cannot be found.
   *
   * @default {the walk fails, unless it is only what another manifest is about}
   */
  readonly onMissing?:
    | ((descriptor: Descriptor, error: unknown) => void)
    | undefined;
}

interface Node {
  readonly descriptor: Descriptor;
  readonly isSubject: boolean;
}

/**
 * Goes through all that some content points at: each piece once, children before
 * their parents are left, several at a time. Only manifests are fetched.
 *
 * @throws {StoreError | NotFoundError} A manifest is missing.
 * @throws {RangeError} `concurrency` is no positive integer.
 *
 * @example
 * ```ts
 * import { MemoryStore, walk } from "@gantry/oci/oras";
 * import { artifactManifest, encodeJson, parseManifestContent } from "@gantry/oci/image";
 * import { toSource } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * const store = new MemoryStore();
 * const manifest = artifactManifest({ artifactType: "application/vnd.example" });
 * const { bytes, descriptor } = await parseManifestContent(encodeJson(manifest));
 * await store.push(descriptor, toSource(bytes));
 *
 * const types: string[] = [];
 * await walk(store, [descriptor], { leave: ({ mediaType }) => void types.push(mediaType) });
 * assertEquals(types, [
 *   "application/vnd.oci.empty.v1+json",
 *   "application/vnd.oci.image.manifest.v1+json",
 * ]);
 * ```
 */
export async function walk(
  store: Fetcher,
  roots: readonly Descriptor[],
  options: WalkOptions = {},
): Promise<void> {
  const { concurrency: limit = 6, enter, leave, onMissing, signal } = options;
  const successors = options.successors ??
    (({ value }: ManifestContent) => allSuccessors(value));
  const held = new HeldManifests();
  /** What comes to `leave` with its content. */
  const opened = new Set<string>();
  const traversal = new Traversal<Node>({
    key: ({ descriptor: { digest, mediaType } }) =>
      `${isManifestType(mediaType) ? "manifest" : "blob"} ${digest}`,
    async enter({ descriptor, isSubject }, signal) {
      if (await enter?.(descriptor) === false) return [];
      if (!isManifestType(descriptor.mediaType)) return [];
      try {
        const content = await readManifest(store, descriptor, { signal });
        if (leave !== undefined) {
          held.add(content);
          opened.add(descriptor.digest);
        }
        const subject = content.value.subject?.digest;
        return successors(content).map((descriptor) => ({
          descriptor,
          isSubject: descriptor.digest === subject,
        }));
      } catch (error) {
        if (!isNotFound(error) || (!isSubject && onMissing === undefined)) {
          throw error;
        }
        onMissing?.(descriptor, error);
        return undefined;
      }
    },
    async leave({ descriptor }, signal) {
      const { digest } = descriptor;
      const content = held.take(digest) ??
        (opened.has(digest)
          ? await readManifest(store, descriptor, { signal })
          : undefined);
      opened.delete(digest);
      await leave?.(descriptor, content);
    },
  }, { limit, signal });
  for (const descriptor of roots.toReversed()) {
    traversal.add({ descriptor, isSubject: false });
  }
  await traversal.run();
}
