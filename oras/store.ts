import type {
  FetchContentOptions,
  PushContentOptions,
  PushContentResult,
  ReferrersOptions,
  TagsOptions,
} from "../distribution/content_options.ts";
import type { RawManifest } from "../distribution/manifests.ts";
import type { MountSource } from "../distribution/mount_source.ts";
import type { SignalOptions } from "../distribution/signal_options.ts";
import type { Source } from "../distribution/source.ts";
import type { Descriptor } from "../image/descriptor.ts";

/** Gives content by its descriptor. */
export interface Fetcher {
  /**
   * Opens content for reading. The stream checks size and digest, and fails at the
   * end of what is not as the descriptor says. It must be read to its end or cancelled.
   *
   * @throws {StoreError | NotFoundError} There is no such content; see {@linkcode isNotFound}.
   */
  fetch(
    descriptor: Descriptor,
    options?: FetchContentOptions,
  ): Promise<ReadableStream<Uint8Array<ArrayBuffer>>>;
}

/** Tells whether content is there. */
export interface Prober {
  /** Whether the store holds the content of a descriptor. */
  exists(descriptor: Descriptor, options?: SignalOptions): Promise<boolean>;
}

/** Takes content. */
export interface Pusher {
  /**
   * Brings content in, unless it is there already. It is verified, and visible only
   * when all of it is there. Manifests are given no tag by it.
   *
   * @throws {ContentError} The content is not what the descriptor says.
   */
  push(
    descriptor: Descriptor,
    source: Source,
    options?: PushContentOptions,
  ): Promise<PushContentResult>;
}

/** Finds content by name. */
export interface Resolver {
  /**
   * The descriptor of what a reference names: a tag, or a manifest's digest.
   *
   * @throws {StoreError | NotFoundError} There is no such reference; see {@linkcode isNotFound}.
   */
  resolve(reference: string, options?: SignalOptions): Promise<Descriptor>;
}

/** Names content. */
export interface Tagger {
  /**
   * Points a tag at a manifest that the store holds, and away from what it pointed at.
   *
   * @throws {StoreError | NotFoundError} The store does not hold the manifest.
   */
  tag(
    descriptor: Descriptor,
    reference: string,
    options?: SignalOptions,
  ): Promise<void>;
}

/** Takes names away. */
export interface Untagger {
  /**
   * Removes a tag, and leaves its manifest and that manifest's other tags alone.
   *
   * @throws {StoreError | NotFoundError} There is no such tag.
   */
  untag(reference: string, options?: SignalOptions): Promise<void>;
}

/** Deletes content. */
export interface Deleter {
  /**
   * Deletes content; a manifest with all its tags.
   *
   * @throws {StoreError | NotFoundError} There is no such content.
   */
  delete(descriptor: Descriptor, options?: SignalOptions): Promise<void>;
}

/** Finds what says something about a manifest. */
export interface ReferrerLister {
  /** Lists the manifests whose subject is the one given, which itself need not exist. */
  listReferrers(
    descriptor: Descriptor,
    options?: ReferrersOptions,
  ): AsyncIterable<Descriptor>;
}

/** Lists names. */
export interface TagLister {
  /** Lists the tags, as they are consumed. */
  listTags(options?: TagsOptions): AsyncIterable<string>;
}

/** Takes over content that another store holds, without moving its bytes. */
export interface Mounter {
  /**
   * Where the content of another store can be mounted from, for the `mount` option
   * of a push; undefined where it cannot.
   */
  mountSource(store: object): MountSource | undefined;
}

/** Resolves and fetches at once, where that saves a round trip. */
export interface ManifestFetcher {
  /** Fetches a manifest by tag or digest, verified and with its descriptor. */
  fetchManifest(
    reference: string,
    options?: SignalOptions,
  ): Promise<RawManifest>;
}

/** Takes a manifest together with its tags, where that saves round trips. */
export interface TaggingPusher {
  /** Brings a manifest in, and points tags at it. */
  pushTagged(
    descriptor: Descriptor,
    source: Source,
    references: readonly string[],
    options?: SignalOptions,
  ): Promise<void>;
}

/** Knows which names can be tags. */
export interface TagChecker {
  /**
   * Refuses what the store would not take as a tag, without asking anybody: before
   * content is brought to it.
   *
   * @throws {StoreError | InvalidReferenceError} It can be no tag.
   */
  checkTag(tag: string): void;
}

/** Knows that it holds nothing yet. */
export interface NewnessTeller {
  /** Whether there is nothing in it, because it does not exist yet; false where that is not known. */
  isNew(options?: SignalOptions): Promise<boolean>;
}

/**
 * What content is read from by name. A store may also have the methods of
 * {@linkcode ReferrerLister}, {@linkcode TagLister} and {@linkcode ManifestFetcher}:
 * each is found by asking for its method.
 */
export interface ReadableStore extends Fetcher, Resolver {}

/**
 * What content is brought to. A store may also have the methods of
 * {@linkcode Mounter}, {@linkcode TaggingPusher}, {@linkcode TagChecker},
 * {@linkcode NewnessTeller}, {@linkcode Untagger} and {@linkcode Deleter}: each is found by asking for its method.
 */
export interface WritableStore extends Prober, Pusher, Resolver, Tagger {}

/**
 * A store that is read and written: a registry's repository, an image layout, memory.
 *
 * @example Whatever has the methods is a store
 * ```ts
 * import { fromHandler, RegistryClient, toSource } from "@gantry/oci/distribution";
 * import { createRegistry } from "@gantry/oci/distribution/server";
 * import { MemoryStore, type Store } from "@gantry/oci/oras";
 * import { Digest } from "@gantry/oci/digest";
 * import { assert } from "@std/assert";
 *
 * const transport = fromHandler(createRegistry().fetch);
 * const client = new RegistryClient("registry.example", { transport });
 * const stores: Store[] = [new MemoryStore(), client.repository("team/app")];
 *
 * const digest = String(await Digest.fromString("hello"));
 * const blob = { mediaType: "text/plain", digest, size: 5 };
 * for (const store of stores) {
 *   await store.push(blob, toSource("hello"));
 *   assert(await store.exists(blob));
 * }
 * ```
 */
export interface Store extends ReadableStore, WritableStore {}

/**
 * Whether a store has a capability, found by its method.
 *
 * @example
 * ```ts
 * import { can, MemoryStore, type ReadableStore } from "@gantry/oci/oras";
 * import { assert } from "@std/assert";
 *
 * const store: ReadableStore = new MemoryStore();
 * assert(can(store, "listTags"));
 * ```
 */
export function can<Name extends keyof Capability>(
  store: object,
  method: Name,
): store is Pick<Capability, Name> {
  return typeof (store as Record<string, unknown>)[method] === "function";
}

/** All that a store may be able to do. */
export interface Capability
  extends
    Store,
    Untagger,
    Deleter,
    ReferrerLister,
    TagLister,
    Mounter,
    ManifestFetcher,
    TaggingPusher,
    TagChecker,
    NewnessTeller {}
