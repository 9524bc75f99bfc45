import type { SignalOptions } from "../distribution/signal_options.ts";
import { OciError } from "../digest/oci_error.ts";
import { isFields } from "../image/_checker.ts";
import type { Descriptor } from "../image/descriptor.ts";
import { encodeJson } from "../image/encode_json.ts";
import type { ImageConfig } from "../image/image_config.ts";
import { imageIndex, indexEntry } from "../image/image_index.ts";
import type { Index } from "../image/manifest.ts";
import {
  isIndex,
  isManifest,
  type ManifestContent,
  parseManifestContent,
} from "../image/manifest_content.ts";
import { MediaTypes } from "../image/media_type.ts";
import { MAX_MANIFEST_SIZE, parseJson } from "../image/parse_json.ts";
import { ArtifactError } from "./errors.ts";
import { putTagged } from "./graph/_put_tagged.ts";
import { resolveManifest } from "./graph/_read_manifest.ts";
import type {
  CreateIndexOptions,
  UpdateIndexOptions,
} from "./index_options.ts";
import type { Store } from "./store.ts";
import { readBytes } from "./stores/_content.ts";

/**
 * Makes an index of manifests that a store holds, with the platforms that their
 * configs tell and the types of artifact that they have, and stores it.
 *
 * @param references The tags or digests of the manifests, which may be indexes.
 * @throws {StoreError | NotFoundError} There is no such manifest; see {@linkcode isNotFound}.
 *
 * @example
 * ```ts
 * import { createIndex, MemoryStore } from "@gantry/oci/oras";
 * import { artifactManifest, encodeJson, parseManifestContent } from "@gantry/oci/image";
 * import { toSource } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * const store = new MemoryStore();
 * const artifactType = "application/vnd.example";
 * const bytes = encodeJson(artifactManifest({ artifactType }));
 * const { descriptor } = await parseManifestContent(bytes);
 * await store.push(descriptor, toSource(bytes));
 *
 * const index = await createIndex(store, [descriptor.digest], { tags: ["all"] });
 * assertEquals(index.value.manifests, [{ ...descriptor, artifactType }]);
 * assertEquals(await store.resolve("all"), index.descriptor);
 * ```
 */
export async function createIndex(
  store: Store,
  references: readonly string[],
  options: CreateIndexOptions = {},
): Promise<ManifestContent<Index>> {
  const { annotations, artifactType } = options;
  const entries: Descriptor[] = [];
  for (const reference of references) {
    entries.push(await entryOf(store, reference, options));
  }
  const index = imageIndex(distinct(entries), {
    ...annotations !== undefined && { annotations },
    ...artifactType !== undefined && { artifactType },
  });
  return await storeIndex(store, index, options);
}

/**
 * Takes manifests out of an index and puts others in, and stores the result under the
 * reference, where that is a tag, and under further tags. What else stands in the
 * index stays.
 *
 * @throws {StoreError | NotFoundError} There is no such index or manifest; see {@linkcode isNotFound}.
 * @throws {ArtifactError} `ARTIFACT_UNSUPPORTED`: what should be an index is none; `MANIFEST_NOT_LISTED`: what is to be removed is not in it.
 *
 * @example
 * ```ts
 * import { createIndex, MemoryStore, updateIndex } from "@gantry/oci/oras";
 * import { artifactManifest, encodeJson, parseManifestContent } from "@gantry/oci/image";
 * import { toSource } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * const store = new MemoryStore();
 * const bytes = encodeJson(artifactManifest({ artifactType: "application/vnd.example" }));
 * const { descriptor } = await parseManifestContent(bytes);
 * await store.push(descriptor, toSource(bytes));
 *
 * await createIndex(store, [], { tags: ["all"] });
 * const { value } = await updateIndex(store, "all", { add: [descriptor.digest] });
 * assertEquals(value.manifests.length, 1);
 * ```
 */
export async function updateIndex(
  store: Store,
  reference: string,
  options: UpdateIndexOptions = {},
): Promise<ManifestContent<Index>> {
  const { add = [], artifactType, merge = [], onStep, remove = [] } = options;
  const current = await readIndex(store, reference, options);
  let entries = [...current.value.manifests];
  for (const digest of remove) {
    const left = entries.filter((entry) => entry.digest !== digest);
    if (left.length === entries.length) {
      throw new ArtifactError(
        "MANIFEST_NOT_LISTED",
        `Cannot remove ${digest} from index ${reference}: it is not in it`,
      );
    }
    entries = left;
    onStep?.({ step: "removed", reference: digest, digest });
  }
  for (const one of add) {
    const entry = await entryOf(store, one, options);
    entries.push(entry);
    onStep?.({ step: "added", reference: one, digest: entry.digest });
  }
  for (const one of merge) {
    const { descriptor, value } = await readIndex(store, one, options);
    entries.push(...value.manifests);
    onStep?.({ step: "merged", reference: one, digest: descriptor.digest });
  }
  const { artifactType: before, ...rest } = current.value;
  const type = artifactType ?? before;
  const index = {
    ...rest,
    ...type && { artifactType: type },
    manifests: distinct(entries),
  } as Index;
  const isTag = reference !== current.descriptor.digest;
  const tags = [...isTag ? [reference] : [], ...options.tags ?? []];
  return await storeIndex(store, index, { ...options, tags });
}

/** The entry of a manifest: with its platform, as its config tells, and its type of artifact. */
async function entryOf(
  store: Store,
  reference: string,
  { onStep, signal }: StepOptions,
): Promise<Descriptor> {
  const content = await readStep(store, reference, { onStep, signal });
  const config = await platformConfig(store, content, { signal });
  return indexEntry(content, config === undefined ? {} : { config });
}

async function platformConfig(
  store: Store,
  { value }: ManifestContent,
  options: SignalOptions,
): Promise<ImageConfig | undefined> {
  if (!isManifest(value)) return undefined;
  const { config } = value;
  const isImage = config.mediaType === MediaTypes.config ||
    config.mediaType === MediaTypes.dockerConfig;
  if (!isImage || config.size > MAX_MANIFEST_SIZE) return undefined;
  const bytes = await readBytes(
    await store.fetch(config, options),
    config,
    options,
  );
  try {
    const found = parseJson(bytes);
    const isTold = isFields(found) && typeof found["os"] === "string" &&
      typeof found["architecture"] === "string";
    return isTold ? found as unknown as ImageConfig : undefined;
  } catch (error) {
    // A config that cannot be read tells no platform.
    if (error instanceof OciError) return undefined;
    throw error;
  }
}

/** What the reading of a manifest is told. */
type StepOptions = Pick<CreateIndexOptions, "onStep" | "signal">;

async function readStep(
  store: Store,
  reference: string,
  { onStep, signal }: StepOptions,
): Promise<ManifestContent> {
  onStep?.({ step: "fetching", reference, digest: undefined });
  const content = await resolveManifest(store, reference, { signal });
  const { digest, mediaType, size } = content.descriptor;
  onStep?.({ step: "fetched", reference, digest });
  return { ...content, descriptor: { mediaType, digest, size } };
}

async function readIndex(
  store: Store,
  reference: string,
  { onStep, signal }: StepOptions,
): Promise<ManifestContent<Index>> {
  const content = await readStep(store, reference, { onStep, signal });
  const { mediaType } = content.descriptor;
  if (isIndex(content.value)) return content as ManifestContent<Index>;
  throw new ArtifactError(
    "ARTIFACT_UNSUPPORTED",
    `Cannot use ${reference} as an index: it is of type ${mediaType}`,
  );
}

/** The entries without those that say the same of the same manifest. */
function distinct(entries: readonly Descriptor[]): Descriptor[] {
  const byText = new Map(
    entries.map((entry) => [JSON.stringify(entry), entry]),
  );
  return [...byText.values()];
}

async function storeIndex(
  store: Store,
  index: Index,
  { push = true, signal, tags = [] }: CreateIndexOptions,
): Promise<ManifestContent<Index>> {
  const content = await parseManifestContent(encodeJson(index), {
    mediaType: index.mediaType,
  }) as ManifestContent<Index>;
  if (push) await putTagged(store, content, [...new Set(tags)], { signal });
  return content;
}
