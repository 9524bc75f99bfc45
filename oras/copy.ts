import { DigestMismatchError } from "../digest/errors.ts";
import type { SignalOptions } from "../distribution/signal_options.ts";
import type { Descriptor } from "../image/descriptor.ts";
import { isIndex, type ManifestContent } from "../image/manifest_content.ts";
import { isManifestType } from "../image/manifest_type.ts";
import { successors } from "../image/successors.ts";
import { manifestForPlatform } from "./_platform.ts";
import { forEachConcurrent } from "./_pool.ts";
import { CopyError, step } from "./copy_error.ts";
import { copyRoots } from "./copy_graph.ts";
import type { CopyOptions, CopyResult } from "./copy_options.ts";
import { ENOUGH } from "./graph/_newness.ts";
import { putTagged } from "./graph/_put_tagged.ts";
import { parsed, readManifest } from "./graph/_read_manifest.ts";
import { can, type ReadableStore, type WritableStore } from "./store.ts";
import { isNotFound } from "./store_error.ts";
import { isDigest } from "./stores/_content.ts";

/**
 * Copies an artifact from one store to another, byte for byte, with all that it
 * points at: an image, an index with all its images, or anything else.
 *
 * Content is moved before what points at it, and the tags are set last, so that an
 * interrupted copy shows nothing half-done; begun again, it goes on with what is
 * missing. Each digest is moved once. A manifest that the target has is believed to
 * be complete (see `heal`), and where the registry then says that something is
 * missing, all is looked at once more. Between repositories of one registry blobs
 * are mounted.
 *
 * @param source Where it is.
 * @param reference Its tag or digest there.
 * @param target Where it goes.
 * @param targetReference Its tag in the target; a digest, which it then must have, for none. Where not given, the one that it has in the source.
 * @throws {CopyError} One of the stores failed; the error tells which, and at what. `TAG_EXISTS`: the tag points at something else, and must not be moved. `PLATFORM_NOT_FOUND`: there is no manifest for the platform.
 * @throws {DigestMismatchError} It has not the digest that it should have in the target.
 * @throws {RangeError} `concurrency` is no positive integer.
 *
 * @example From one registry to another
 * ```ts
 * import { copy, MemoryStore } from "@gantry/oci/oras";
 * import { fromHandler, RegistryClient, toSource } from "@gantry/oci/distribution";
 * import { createRegistry } from "@gantry/oci/distribution/server";
 * import { EMPTY_CONTENT, EMPTY_DESCRIPTOR } from "@gantry/oci/image";
 * import { artifactManifest, encodeJson, parseManifestContent } from "@gantry/oci/image";
 * import { assertEquals } from "@std/assert";
 *
 * const source = new MemoryStore();
 * const manifest = artifactManifest({ artifactType: "application/vnd.example" });
 * const { bytes, descriptor } = await parseManifestContent(encodeJson(manifest));
 * await source.push(EMPTY_DESCRIPTOR, toSource(EMPTY_CONTENT));
 * await source.push(descriptor, toSource(bytes));
 * await source.tag(descriptor, "v1");
 *
 * const transport = fromHandler(createRegistry().fetch);
 * const client = new RegistryClient("registry.example", { transport });
 * const target = client.repository("team/app");
 * const { copied } = await copy(source, "v1", target, "stable");
 * assertEquals(copied, 2);
 * assertEquals((await target.resolve("stable")).digest, descriptor.digest);
 * ```
 */
export async function copy(
  source: ReadableStore,
  reference: string,
  target: WritableStore,
  targetReference?: string,
  options: CopyOptions = {},
): Promise<CopyResult> {
  const { platform, signal } = options;
  const wanted = targetReference ?? reference;
  const root = await step(
    signal,
    { operation: "resolve", origin: "source", reference },
    () => openRoot(source, reference, options),
  );
  const { descriptor } = root;
  if (
    isDigest(wanted) && wanted !== descriptor.digest &&
    (platform === undefined || targetReference !== undefined)
  ) {
    throw new DigestMismatchError(wanted, descriptor.digest);
  }
  const all = [...isDigest(wanted) ? [] : [wanted], ...options.tags ?? []];
  const plan = await planTags(target, descriptor, [...new Set(all)], options);
  const { missing, tags } = plan;
  const isThere = plan.isThere || source as object === target;
  const none = { copied: 0, mounted: 0, existed: 0, bytes: 0 };
  if (all.length > 0 && tags.length === 0) return { descriptor, tags, ...none };

  const isNew = !isThere && !plan.isUsed && isLarge(root.content) &&
    can(target, "isNew") && await step(
      signal,
      { operation: "exists", origin: "target", descriptor },
      () => target.isNew({ signal }),
    );
  // Tags come last: behind what belongs to the manifest, too.
  const isLate = missing.length > 0 &&
    (options.recursive === true || options.digestTags === true ||
      !isManifestType(descriptor.mediaType));
  const { counted: _, left, ...counts } = await copyRoots(source, target, [{
    node: { descriptor, isKnown: isThere },
    tags: isLate ? [] : missing,
    content: root.content,
  }], { ...options, isNew });
  if (left.has(descriptor.digest)) return { descriptor, tags: [], ...counts };
  if (isLate) {
    await step(
      signal,
      { operation: "tag", origin: "target", descriptor },
      () => setTags(target, root, missing, { signal }),
    );
  }
  return { descriptor, tags, ...counts };
}

interface Root {
  readonly descriptor: Descriptor;
  /** What it holds, where it is a manifest. */
  readonly content: ManifestContent | undefined;
}

async function openRoot(
  source: ReadableStore,
  reference: string,
  { platform, signal }: CopyOptions,
): Promise<Root> {
  let content: ManifestContent;
  if (can(source, "fetchManifest")) {
    const { bytes, descriptor } = await source.fetchManifest(reference, {
      signal,
    });
    if (!isManifestType(descriptor.mediaType)) {
      return { descriptor, content: undefined };
    }
    content = parsed(descriptor, bytes);
  } else {
    const { digest, mediaType, size } = await source.resolve(reference, {
      signal,
    });
    const descriptor = { mediaType, digest, size };
    if (!isManifestType(mediaType)) return { descriptor, content: undefined };
    content = await readManifest(source, descriptor, { signal });
  }
  if (platform !== undefined) {
    content = await manifestForPlatform(source, content, platform, { signal });
  }
  const { digest, mediaType, size } = content.descriptor;
  return { descriptor: { mediaType, digest, size }, content };
}

interface TagPlan {
  /** The tags that point at the manifest in the end. */
  readonly tags: readonly string[];
  /** Those of them that do not yet. */
  readonly missing: readonly string[];
  /** Whether one does, so that the manifest is there. */
  readonly isThere: boolean;
  /** Whether the target has any of the tags. */
  readonly isUsed: boolean;
}

/** Looks at what the tags point at now, and decides which of them are set. */
async function planTags(
  target: WritableStore,
  { digest }: Descriptor,
  all: readonly string[],
  { concurrency: limit = 6, existingTag = "replace", signal }: CopyOptions,
): Promise<TagPlan> {
  const found = new Array<Descriptor | undefined>(all.length);
  await forEachConcurrent(
    [...all.entries()],
    { limit, signal },
    async ([index, reference], signal) => {
      found[index] = await step(
        signal,
        { operation: "resolve", origin: "target", reference },
        () => resolveOptional(target, reference, { signal }),
      );
    },
  );
  const tags: string[] = [];
  const missing: string[] = [];
  let isThere = false;
  for (const [index, reference] of all.entries()) {
    const current = found[index]?.digest;
    if (current === digest) isThere = true;
    else if (current !== undefined && existingTag === "fail") {
      throw new CopyError(`the tag points at ${current}`, {
        operation: "tag",
        origin: "target",
        reference,
        code: "TAG_EXISTS",
      });
    } else if (current !== undefined && existingTag === "skip") continue;
    else missing.push(reference);
    tags.push(reference);
  }
  const isUsed = found.some((one) => one !== undefined);
  return { tags, missing, isThere, isUsed };
}

async function resolveOptional(
  store: WritableStore,
  reference: string,
  options: SignalOptions,
): Promise<Descriptor | undefined> {
  try {
    return await store.resolve(reference, options);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function setTags(
  target: WritableStore,
  { content, descriptor }: Root,
  tags: readonly string[],
  options: SignalOptions,
): Promise<void> {
  if (content !== undefined) {
    return await putTagged(target, { ...content, descriptor }, tags, options);
  }
  for (const tag of tags) await target.tag(descriptor, tag, options);
}

/** Whether so much is to be copied that it pays to ask first whether the target is new. */
function isLarge(content: ManifestContent | undefined): boolean {
  if (content === undefined) return false;
  const { length } = successors(content.value);
  return isIndex(content.value) ? length > 1 : length > ENOUGH;
}
