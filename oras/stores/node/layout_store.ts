import type {
  FetchContentOptions,
  PushContentOptions,
  PushContentResult,
  ReferrersOptions,
  TagsOptions,
} from "../../../distribution/content_options.ts";
import type { RawManifest } from "../../../distribution/manifests.ts";
import { BlobFiles } from "../../../distribution/server/node/_blob_files.ts";
import { LayoutManifests } from "../../../distribution/server/node/_layout_manifests.ts";
import type { SignalOptions } from "../../../distribution/signal_options.ts";
import type { Source } from "../../../distribution/source.ts";
import type { Descriptor } from "../../../image/descriptor.ts";
import { isManifestType } from "../../../image/manifest_type.ts";
import type {
  Deleter,
  ManifestFetcher,
  ReferrerLister,
  Store,
  TagChecker,
  TagLister,
  Untagger,
} from "../../store.ts";
import {
  checkTag,
  contentNotFound,
  isDigest,
  readBytes,
  referenceNotFound,
} from "../_content.ts";
import { childrenOf } from "../_children.ts";
import { findEntry } from "../_layout_names.ts";
import {
  collectGarbage,
  type GarbageOptions,
  type GarbageResult,
} from "./_layout_garbage.ts";
import { LayoutContent } from "./_layout_content.ts";
import { inLayout } from "./_layout_failure.ts";
import { LayoutFrame } from "./_layout_frame.ts";
import { LayoutPaths, SELF } from "./_layout_paths.ts";
import { sortedTags } from "../_sorted_tags.ts";
import { pushReporter } from "../_push_reporter.ts";

/**
 * An OCI image layout in a directory, as skopeo, umoci, oras, crane and BuildKit make
 * and read them. Follows image-spec `image-layout.md`.
 *
 * The layout is made by the first push. Several processes may use it at once:
 * `index.json` is replaced whole, under a lock. Its entries are the tags, the
 * manifests that no other one points at, and those that refer to others.
 *
 * @example
 * ```ts
 * import { LayoutStore } from "@gantry/oci/oras/node";
 * import { EMPTY_CONTENT, EMPTY_DESCRIPTOR } from "@gantry/oci/image";
 * import { toSource } from "@gantry/oci/distribution";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const path = await Deno.makeTempDir();
 * const store = new LayoutStore(path);
 * await store.push(EMPTY_DESCRIPTOR, toSource(EMPTY_CONTENT));
 * assert(await store.exists(EMPTY_DESCRIPTOR));
 * assertEquals(await Array.fromAsync(store.listTags()), []);
 * await Deno.remove(path, { recursive: true });
 * ```
 */
export class LayoutStore
  implements
    Store,
    Untagger,
    Deleter,
    ReferrerLister,
    TagLister,
    TagChecker,
    ManifestFetcher {
  /** The directory. */
  readonly path: string;
  readonly #content: LayoutContent;
  readonly #frame: LayoutFrame;
  readonly #manifests: LayoutManifests;

  /** Makes a store of a directory; nothing is read or written yet. */
  constructor(path: string) {
    this.path = path;
    const paths = new LayoutPaths(path);
    this.#content = new LayoutContent(path, paths);
    this.#frame = new LayoutFrame(path, paths);
    this.#manifests = new LayoutManifests(new BlobFiles(paths));
  }

  /**
   * Opens content for reading, verified.
   *
   * @throws {StoreError} `CONTENT_NOT_FOUND`: there is no such content.
   * @throws {RangeError} The offset is not within the content.
   */
  async fetch(
    descriptor: Descriptor,
    options: FetchContentOptions = {},
  ): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    return await this.#content.fetch(descriptor, options);
  }

  /** Whether the layout holds the content, in its full size. */
  async exists(
    descriptor: Pick<Descriptor, "digest" | "size">,
    options: SignalOptions = {},
  ): Promise<boolean> {
    options.signal?.throwIfAborted();
    return await this.#content.exists(descriptor);
  }

  /**
   * Brings content in, unless it is there already. A manifest is listed in
   * `index.json` until another one that points at it is.
   *
   * @throws {ContentError} The content is not what the descriptor says.
   * @throws {RangeError} The source has another size than the descriptor.
   * @throws {PathError} The directory cannot be written to.
   * @throws {StoreError} `STORE_INVALID`: the directory holds what is no layout.
   */
  async push(
    descriptor: Descriptor,
    source: Source,
    options: PushContentOptions = {},
  ): Promise<PushContentResult> {
    const { signal } = options;
    const report = pushReporter(descriptor, options);
    const isThere = await this.exists(descriptor, { signal });
    if (!isThere) {
      await this.#frame.ensure();
      await this.#content.write(descriptor, source, {
        signal,
        onBytes: (bytes) => report("uploading", bytes),
      });
    }
    if (isManifestType(descriptor.mediaType)) await this.#list(descriptor);
    const phase = isThere ? "exists" : "uploaded";
    report(phase, descriptor.size);
    return phase;
  }

  /**
   * The descriptor of what a tag or a manifest's digest names. A tag may also be the
   * last part of a full name, by which other tools keep it.
   *
   * @throws {StoreError} `REFERENCE_NOT_FOUND`: there is no such reference, or several that it could be; `STORE_NOT_FOUND`: there is no layout.
   */
  async resolve(
    reference: string,
    options: SignalOptions = {},
  ): Promise<Descriptor> {
    options.signal?.throwIfAborted();
    const index = await this.#frame.read();
    if (!isDigest(reference)) {
      const { digest, mediaType, size } = findEntry(
        index.entries,
        reference,
        this.path,
      );
      return { mediaType, digest, size };
    }
    const found = await inLayout(
      this.path,
      () => this.#manifests.read(SELF, reference, index),
    );
    if (found === undefined) throw referenceNotFound(reference, this.path);
    const { bytes: { byteLength: size }, digest, mediaType } = found;
    return { mediaType, digest, size };
  }

  /**
   * A manifest by tag or digest, verified and with its descriptor.
   *
   * @throws {StoreError} As {@linkcode LayoutStore.resolve}, and `CONTENT_NOT_FOUND` where the manifest itself is missing.
   * @throws {ContentError} The manifest is damaged.
   */
  async fetchManifest(
    reference: string,
    options: SignalOptions = {},
  ): Promise<RawManifest> {
    const descriptor = await this.resolve(reference, options);
    const stream = await this.fetch(descriptor, options);
    return { descriptor, bytes: await readBytes(stream, descriptor, options) };
  }

  /**
   * Refuses what the store would not take as a tag.
   *
   * @throws {StoreError} `REFERENCE_INVALID`: the tag is malformed.
   */
  checkTag(tag: string): void {
    checkTag(tag);
  }

  /**
   * Points a tag at content, and away from what it pointed at, which stays listed.
   *
   * @throws {StoreError} `CONTENT_NOT_FOUND`: the content is not here; `REFERENCE_INVALID`: the tag is malformed; `STORE_BUSY`: another process holds the layout.
   */
  async tag(
    descriptor: Descriptor,
    reference: string,
    options: SignalOptions = {},
  ): Promise<void> {
    checkTag(reference);
    if (!(await this.exists(descriptor, options))) {
      throw contentNotFound(descriptor.digest, this.path);
    }
    const plain = plainOf(descriptor);
    await this.#frame.update((index) => index.with(plain, [reference]));
  }

  /**
   * Removes a tag; what it pointed at stays listed.
   *
   * @throws {StoreError} `REFERENCE_NOT_FOUND`: there is no such tag; `STORE_BUSY`: another process holds the layout.
   */
  async untag(reference: string, options: SignalOptions = {}): Promise<void> {
    options.signal?.throwIfAborted();
    if (!(await this.#frame.read()).tags.has(reference)) {
      throw referenceNotFound(reference, this.path);
    }
    await this.#frame.update((index) => index.withoutTag(reference));
  }

  /**
   * Deletes content; a manifest with all its tags. What it points at stays, see
   * {@linkcode LayoutStore.collectGarbage}.
   *
   * @throws {StoreError} `CONTENT_NOT_FOUND`: there is no such content; `STORE_BUSY`: another process holds the layout.
   */
  async delete(
    descriptor: Pick<Descriptor, "digest">,
    options: SignalOptions = {},
  ): Promise<void> {
    options.signal?.throwIfAborted();
    const { digest } = descriptor;
    if ((await this.#frame.read()).byDigest.has(digest)) {
      await this.#frame.update((index) => index.withoutManifest(digest));
    }
    await this.#content.delete(digest);
  }

  /** Lists the manifests whose subject is the one given, among those that are listed and their children. */
  async *listReferrers(
    descriptor: Pick<Descriptor, "digest">,
    options: ReferrersOptions = {},
  ): AsyncGenerator<Descriptor> {
    const { artifactType, signal } = options;
    signal?.throwIfAborted();
    const found = await inLayout(this.path, async () => {
      const index = await this.#frame.find();
      return index === undefined
        ? []
        : await this.#manifests.referrers(SELF, descriptor.digest, index);
    });
    for (const entry of found) {
      if (artifactType === undefined || entry.artifactType === artifactType) {
        yield entry;
      }
    }
  }

  /**
   * Lists the tags, in the order of their characters.
   *
   * @throws {StoreError} `STORE_NOT_FOUND`: there is no layout; `STORE_INVALID`: it is damaged.
   */
  async *listTags(options: TagsOptions = {}): AsyncGenerator<string> {
    options.signal?.throwIfAborted();
    yield* sortedTags((await this.#frame.read()).tags.keys(), options);
  }

  /**
   * The entries of `index.json` as they stand there, with their annotations.
   *
   * @throws {StoreError} `STORE_NOT_FOUND`: there is no layout; `STORE_INVALID`: it is damaged.
   */
  async entries(options: SignalOptions = {}): Promise<readonly Descriptor[]> {
    options.signal?.throwIfAborted();
    return (await this.#frame.read()).entries;
  }

  /**
   * Removes what no entry of `index.json` leads to, and what interrupted writers left.
   *
   * Nothing is removed where a manifest cannot be read, and nothing that is younger
   * than `minAge`, because another process may just be about to list it.
   *
   * @throws {StoreError} The layout is not there, or damaged.
   */
  async collectGarbage(options: GarbageOptions = {}): Promise<GarbageResult> {
    const { entries } = await this.#frame.read();
    return await inLayout(
      this.path,
      () => collectGarbage(this, entries, options),
    );
  }

  /** Lists a manifest, and no longer those that it points at. */
  async #list(descriptor: Descriptor): Promise<void> {
    const plain = plainOf(descriptor);
    const children = new Set(await childrenOf(this, plain));
    await this.#frame.update((index) =>
      index.with(plain, []).withoutBare(children)
    );
  }
}

/** What an entry says of content: annotations and platforms belong to where it is pointed at. */
function plainOf({ digest, mediaType, size }: Descriptor): Descriptor {
  return { mediaType, digest, size };
}
