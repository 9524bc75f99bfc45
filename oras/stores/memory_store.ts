import { bytesStream } from "../../digest/_bytes_stream.ts";
import { SizeMismatchError } from "../../digest/errors.ts";
import type {
  FetchContentOptions,
  PushContentOptions,
  PushContentResult,
  ReferrersOptions,
  TagsOptions,
} from "../../distribution/content_options.ts";
import type { RawManifest } from "../../distribution/manifests.ts";
import { describeReferrer } from "../../distribution/server/referrer_description.ts";
import type { SignalOptions } from "../../distribution/signal_options.ts";
import type { Source } from "../../distribution/source.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import { isManifestType } from "../../image/manifest_type.ts";
import type {
  Deleter,
  ManifestFetcher,
  ReferrerLister,
  Store,
  TagChecker,
  TagLister,
  Untagger,
} from "../store.ts";
import {
  checkOffset,
  checkTag,
  contentNotFound,
  isDigest,
  openVerified,
  readBytes,
  referenceNotFound,
} from "./_content.ts";
import { sortedTags } from "./_sorted_tags.ts";
import { pushReporter } from "./_push_reporter.ts";

const HERE = "memory";

interface Held {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What it was pushed as, where that is a manifest. */
  readonly manifest: Descriptor | undefined;
}

/**
 * A store in memory: for tests, and for artifacts that are made and pushed at once.
 *
 * @example
 * ```ts
 * import { MemoryStore } from "@gantry/oci/oras";
 * import { EMPTY_CONTENT, EMPTY_DESCRIPTOR } from "@gantry/oci/image";
 * import { toSource } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * const store = new MemoryStore();
 * assertEquals(await store.push(EMPTY_DESCRIPTOR, toSource(EMPTY_CONTENT)), "uploaded");
 * assertEquals(await store.push(EMPTY_DESCRIPTOR, toSource(EMPTY_CONTENT)), "exists");
 * const stream = await store.fetch(EMPTY_DESCRIPTOR);
 * assertEquals(await new Response(stream).text(), "{}");
 * ```
 */
export class MemoryStore
  implements
    Store,
    Untagger,
    Deleter,
    ReferrerLister,
    TagLister,
    TagChecker,
    ManifestFetcher {
  readonly #content = new Map<string, Held>();
  readonly #tags = new Map<string, Descriptor>();
  /** What refers to a digest, by its own digest. */
  readonly #referrers = new Map<string, Map<string, Descriptor>>();

  /**
   * Opens content for reading, from a byte on where that is asked for.
   *
   * @throws {StoreError} `CONTENT_NOT_FOUND`: there is no such content.
   * @throws {SizeMismatchError} The content has another size than the descriptor says.
   * @throws {RangeError} The offset is not within the content.
   */
  fetch(
    descriptor: Descriptor,
    options: FetchContentOptions = {},
  ): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    return attempt(() => {
      const { offset = 0, signal } = options;
      signal?.throwIfAborted();
      const held = this.#content.get(descriptor.digest);
      if (held === undefined) throw contentNotFound(descriptor.digest, HERE);
      checkOffset(descriptor, offset);
      const { digest, size } = descriptor;
      const { byteLength } = held.bytes;
      // Its digest was checked when it came.
      if (byteLength !== size) {
        throw new SizeMismatchError(size, byteLength, digest);
      }
      return bytesStream(held.bytes.subarray(offset));
    });
  }

  /** Whether the store holds the content. */
  exists(
    descriptor: Pick<Descriptor, "digest">,
    options: SignalOptions = {},
  ): Promise<boolean> {
    return attempt(() => {
      options.signal?.throwIfAborted();
      return this.#content.has(descriptor.digest);
    });
  }

  /**
   * Brings content in, unless it is there already.
   *
   * @throws {ContentError} The content is not what the descriptor says.
   * @throws {RangeError} The source has another size than the descriptor.
   */
  async push(
    descriptor: Descriptor,
    source: Source,
    options: PushContentOptions = {},
  ): Promise<PushContentResult> {
    const { digest, mediaType, size } = descriptor;
    const { signal } = options;
    const isManifest = isManifestType(mediaType);
    const held = this.#content.get(digest);
    const isThere = held !== undefined &&
      (!isManifest || held.manifest !== undefined);
    if (!isThere) {
      const stream = await openVerified(descriptor, source, { signal });
      const bytes = await readBytes(stream, descriptor, { signal });
      signal?.throwIfAborted();
      const manifest = isManifest ? { mediaType, digest, size } : undefined;
      this.#content.set(digest, { bytes, manifest });
      if (manifest !== undefined) this.#addReferrer(bytes, manifest);
    }
    const phase = isThere ? "exists" : "uploaded";
    pushReporter(descriptor, options)(phase, size);
    return phase;
  }

  /**
   * The descriptor of what a tag or a manifest's digest names.
   *
   * @throws {StoreError} `REFERENCE_NOT_FOUND`: there is no such reference.
   */
  resolve(
    reference: string,
    options: SignalOptions = {},
  ): Promise<Descriptor> {
    return attempt(() => {
      options.signal?.throwIfAborted();
      const found = isDigest(reference)
        ? this.#content.get(reference)?.manifest
        : this.#tags.get(reference);
      if (found === undefined) throw referenceNotFound(reference, HERE);
      return found;
    });
  }

  /**
   * A manifest by tag or digest, with its descriptor.
   *
   * @throws {StoreError} `REFERENCE_NOT_FOUND`: there is no such reference.
   */
  async fetchManifest(
    reference: string,
    options: SignalOptions = {},
  ): Promise<RawManifest> {
    const descriptor = await this.resolve(reference, options);
    const bytes = this.#content.get(descriptor.digest)!.bytes.slice();
    return { descriptor, bytes };
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
   * Points a tag at a manifest, and away from what it pointed at.
   *
   * @throws {StoreError} `CONTENT_NOT_FOUND`: the manifest is not here; `REFERENCE_INVALID`: the tag is malformed.
   */
  tag(
    descriptor: Descriptor,
    reference: string,
    options: SignalOptions = {},
  ): Promise<void> {
    return attempt(() => {
      options.signal?.throwIfAborted();
      checkTag(reference);
      const held = this.#content.get(descriptor.digest);
      if (held === undefined) throw contentNotFound(descriptor.digest, HERE);
      const { digest, mediaType, size } = descriptor;
      this.#tags.set(reference, held.manifest ?? { mediaType, digest, size });
    });
  }

  /**
   * Removes a tag.
   *
   * @throws {StoreError} `REFERENCE_NOT_FOUND`: there is no such tag.
   */
  untag(reference: string, options: SignalOptions = {}): Promise<void> {
    return attempt(() => {
      options.signal?.throwIfAborted();
      if (!this.#tags.delete(reference)) {
        throw referenceNotFound(reference, HERE);
      }
    });
  }

  /**
   * Deletes content; a manifest with all its tags.
   *
   * @throws {StoreError} `CONTENT_NOT_FOUND`: there is no such content.
   */
  delete(
    descriptor: Pick<Descriptor, "digest">,
    options: SignalOptions = {},
  ): Promise<void> {
    return attempt(() => {
      options.signal?.throwIfAborted();
      const { digest } = descriptor;
      if (!this.#content.delete(digest)) throw contentNotFound(digest, HERE);
      for (const [tag, target] of this.#tags) {
        if (target.digest === digest) this.#tags.delete(tag);
      }
      for (const list of this.#referrers.values()) list.delete(digest);
    });
  }

  /** Lists the manifests whose subject is the one given, oldest first. */
  async *listReferrers(
    descriptor: Pick<Descriptor, "digest">,
    options: ReferrersOptions = {},
  ): AsyncGenerator<Descriptor> {
    const { artifactType, signal } = options;
    signal?.throwIfAborted();
    const found = [...this.#referrers.get(descriptor.digest)?.values() ?? []];
    for (const entry of found) {
      if (artifactType === undefined || entry.artifactType === artifactType) {
        yield await Promise.resolve(entry);
      }
    }
  }

  /** Lists the tags, in the order of their characters. */
  listTags(options: TagsOptions = {}): AsyncIterable<string> {
    return sortedTags(this.#tags.keys(), options);
  }

  #addReferrer(
    bytes: Uint8Array<ArrayBuffer>,
    { digest, mediaType }: Descriptor,
  ): void {
    const referrer = describeReferrer({ digest, mediaType, bytes });
    if (referrer === undefined) return;
    const { descriptor, subject } = referrer;
    let list = this.#referrers.get(subject);
    if (list === undefined) this.#referrers.set(subject, list = new Map());
    list.set(digest, descriptor);
  }
}

/** Runs what needs no waiting, and fails as what does. */
function attempt<Result>(work: () => Result): Promise<Result> {
  return new Promise((resolve) => resolve(work()));
}
