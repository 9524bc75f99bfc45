import { SizeMismatchError } from "../digest/errors.ts";
import type { Descriptor } from "../image/descriptor.ts";
import { isManifestType } from "../image/manifest_type.ts";
import { Blobs } from "./blobs.ts";
import type {
  FetchContentOptions,
  PushContentOptions,
  PushContentResult,
  ReferrersOptions,
  TagsOptions,
} from "./content_options.ts";
import { NotFoundError, RegistryError } from "./errors.ts";
import { readManifestSource } from "./_manifest_push.ts";
import {
  MANIFEST_MEDIA_TYPES,
  Manifests,
  type RawManifest,
} from "./manifests.ts";
import type { MountSource } from "./mount_source.ts";
import { isRepositoryName, isTag } from "./reference.ts";
import { InvalidReferenceError } from "./reference_error.ts";
import { Referrers } from "./referrers.ts";
import type { RegistryClient } from "./registry_client.ts";
import type { SignalOptions } from "./signal_options.ts";
import type { Source } from "./source.ts";
import { type DeleteTagOptions, Tags } from "./tags.ts";
import { Uploads } from "./uploads.ts";

/**
 * A repository: the handle on its blobs, manifests, tags and referrers.
 *
 * Made by {@linkcode RegistryClient.repository}; nothing is sent by making it, and
 * the repository need not exist yet.
 *
 * Its own methods treat blobs and manifests alike, and choose by the media type of
 * the descriptor: by them a repository is a store, which content is copied from and to.
 *
 * Whatever a method here or in one of the parts lists, it also throws a
 * {@linkcode RegistryError} where the registry refuses, a {@linkcode ConnectionError}
 * where there is no answer, and a {@linkcode SecurityError} where going on would give
 * a secret away.
 *
 * @example
 * ```ts
 * import { fromHandler, RegistryClient } from "@gantry/oci/distribution";
 * import { createRegistry } from "@gantry/oci/distribution/server";
 * import { assertEquals } from "@std/assert";
 *
 * const transport = fromHandler(createRegistry().fetch);
 * const client = new RegistryClient("registry.example", { transport });
 * const repository = client.repository("team/app");
 * assertEquals(String(repository), "registry.example/team/app");
 * ```
 */
export class Repository {
  /** The registry's client. */
  readonly client: RegistryClient;
  /** The repository's name, without the registry. */
  readonly name: string;
  /** The repository's blobs. */
  readonly blobs: Blobs;
  /** The repository's manifests. */
  readonly manifests: Manifests;
  /** The repository's tags. */
  readonly tags: Tags;
  /** What refers to the repository's manifests. */
  readonly referrers: Referrers;
  /** The repository's uploads, step by step. */
  readonly uploads: Uploads;

  /** Made by {@linkcode RegistryClient.repository}. */
  constructor(client: RegistryClient, name: string) {
    if (!isRepositoryName(name)) {
      throw new InvalidReferenceError(
        "REFERENCE_INVALID_FORMAT",
        name,
        "it is not the name of a repository",
      );
    }
    this.client = client;
    this.name = name;
    this.blobs = new Blobs(client, name);
    this.manifests = new Manifests(client, name);
    this.tags = new Tags(client, name, this.manifests);
    this.referrers = new Referrers(client, name);
    this.uploads = new Uploads(client, name);
  }

  /** The registry's name. */
  get registry(): string {
    return this.client.registry;
  }

  /** `registry/name`. */
  toString(): string {
    return `${this.registry}/${this.name}`;
  }

  /**
   * Opens a blob or a manifest for reading, verified; see {@linkcode Blobs.get}.
   *
   * @throws {NotFoundError} There is no such content.
   * @throws {ContentError} A manifest is not what the descriptor says; a blob's stream fails with it.
   * @throws {RangeError} The offset is not within the content.
   */
  async fetch(
    descriptor: Descriptor,
    options: FetchContentOptions = {},
  ): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const { digest, mediaType, size } = descriptor;
    if (!isManifestType(mediaType)) {
      return await this.blobs.get(descriptor, options);
    }
    const { offset = 0, signal } = options;
    const { bytes } = await this.manifests.fetch(digest, {
      accept: [mediaType],
      signal,
    });
    if (bytes.byteLength !== size) {
      throw new SizeMismatchError(size, bytes.byteLength, digest);
    }
    if (!Number.isSafeInteger(offset) || offset < 0 || offset > size) {
      throw new RangeError(
        `Cannot read manifest from byte ${offset}: it has ${size} bytes`,
      );
    }
    return new Blob([bytes.subarray(offset)]).stream();
  }

  /**
   * Fetches a manifest by tag or digest; see {@linkcode Manifests.fetch}.
   *
   * @throws {NotFoundError} There is no such manifest.
   */
  async fetchManifest(
    reference: string,
    options: SignalOptions = {},
  ): Promise<RawManifest> {
    return await this.manifests.fetch(reference, options);
  }

  /**
   * Whether the repository holds a blob or a manifest.
   *
   * @throws {RegistryError} The registry refuses.
   */
  async exists(
    descriptor: Descriptor,
    options: SignalOptions = {},
  ): Promise<boolean> {
    const { digest, mediaType } = descriptor;
    if (!isManifestType(mediaType)) {
      return await this.blobs.exists(descriptor, options);
    }
    try {
      await this.manifests.head(digest, { ...options, accept: [mediaType] });
      return true;
    } catch (error) {
      if (error instanceof NotFoundError) return false;
      throw error;
    }
  }

  /**
   * The descriptor of the manifest that a tag or digest names.
   *
   * @throws {NotFoundError} There is no such manifest.
   */
  async resolve(
    reference: string,
    options: SignalOptions = {},
  ): Promise<Descriptor> {
    return await this.manifests.head(reference, options);
  }

  /**
   * Pushes a blob, or a manifest under its digest; see {@linkcode Blobs.push} and
   * {@linkcode Manifests.put}.
   *
   * @throws {ContentError} The content is not what the descriptor says.
   * @throws {RegistryError} The registry refuses.
   */
  async push(
    descriptor: Descriptor,
    source: Source,
    options: PushContentOptions = {},
  ): Promise<PushContentResult> {
    const { digest, mediaType, size } = descriptor;
    if (!isManifestType(mediaType)) {
      return await this.blobs.push(descriptor, source, options);
    }
    const { name, onProgress, signal, skipCheck = false } = options;
    const report = (
      phase: PushContentResult | "uploading",
      transferred: number,
    ): void =>
      onProgress?.({ descriptor, name, phase, transferred, total: size });
    if (!skipCheck && await this.exists(descriptor, { signal })) {
      report("exists", size);
      return "exists";
    }
    const bytes = await readManifestSource(descriptor, source, { signal });
    report("uploading", 0);
    await this.manifests.put(digest, bytes, { mediaType, signal });
    report("uploaded", size);
    return "uploaded";
  }

  /**
   * Pushes a manifest under tags, with as few requests as the registry lets.
   *
   * @throws {ContentError} The content is not what the descriptor says.
   * @throws {InvalidReferenceError} A tag is malformed.
   * @throws {RegistryError} The registry refuses.
   */
  async pushTagged(
    descriptor: Descriptor,
    source: Source,
    references: readonly string[],
    options: SignalOptions = {},
  ): Promise<void> {
    const { digest, mediaType } = descriptor;
    const { signal } = options;
    const bytes = await readManifestSource(descriptor, source, { signal });
    const [first = digest, ...tags] = references;
    await this.manifests.put(first, bytes, { mediaType, tags, signal });
  }

  /**
   * Refuses what no registry takes as a tag, without asking this one.
   *
   * @throws {InvalidReferenceError} The tag is malformed.
   */
  checkTag(tag: string): void {
    if (isTag(tag)) return;
    throw new InvalidReferenceError(
      "REFERENCE_TAG_INVALID",
      tag,
      "it is not a tag",
    );
  }

  /**
   * Points a tag at a manifest that the repository holds.
   *
   * @throws {NotFoundError} There is no such manifest.
   * @throws {InvalidReferenceError} The tag is malformed.
   */
  async tag(
    descriptor: Descriptor,
    reference: string,
    options: SignalOptions = {},
  ): Promise<void> {
    const { digest, mediaType } = descriptor;
    const accept = [mediaType, ...MANIFEST_MEDIA_TYPES];
    const { bytes, descriptor: { mediaType: found } } = await this.manifests
      .fetch(digest, { ...options, accept });
    await this.manifests.put(reference, bytes, {
      ...options,
      mediaType: found,
    });
  }

  /**
   * Deletes a tag, and leaves its manifest and that manifest's other tags alone; see
   * {@linkcode Tags.delete}.
   *
   * @throws {NotFoundError} There is no such tag.
   * @throws {UnsupportedError} The registry deletes neither tags nor manifests, or no tags and `placeholder` is false.
   * @throws {TagDeletionError} The deletion did not come to its end; the error says where the tag points.
   */
  async untag(
    reference: string,
    options: DeleteTagOptions = {},
  ): Promise<void> {
    await this.tags.delete(reference, options);
  }

  /**
   * Deletes a blob, or a manifest with all its tags.
   *
   * @throws {NotFoundError} There is no such content.
   * @throws {UnsupportedError} The registry does not delete.
   */
  async delete(
    descriptor: Descriptor,
    options: SignalOptions = {},
  ): Promise<void> {
    const place = isManifestType(descriptor.mediaType)
      ? this.manifests
      : this.blobs;
    await place.delete(descriptor.digest, options);
  }

  /** Lists what refers to a manifest; see {@linkcode Referrers.list}. */
  listReferrers(
    descriptor: Pick<Descriptor, "digest">,
    options: ReferrersOptions = {},
  ): AsyncIterable<Descriptor> {
    return this.referrers.list(descriptor, options);
  }

  /** Lists the tags; see {@linkcode Tags.list}. */
  listTags(options: TagsOptions = {}): AsyncIterable<string> {
    return this.tags.list(options);
  }

  /** Where blobs of another store can be mounted from: another repository of the registry. */
  mountSource(store: object): MountSource | undefined {
    return store instanceof Repository && store.registry === this.registry &&
        store.name !== this.name
      ? { from: store.name }
      : undefined;
  }

  /**
   * Whether the registry says that there is no such repository yet.
   *
   * A repository that got blobs and no manifest so far counts as new with some registries.
   */
  async isNew(options: SignalOptions = {}): Promise<boolean> {
    try {
      for await (const _ of this.tags.list({ ...options, pageSize: 1 })) break;
      return false;
    } catch (error) {
      if (error instanceof RegistryError) return error.code === "NAME_UNKNOWN";
      throw error;
    }
  }
}
