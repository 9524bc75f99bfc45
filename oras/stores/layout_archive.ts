import { Digest } from "../../digest/digest.ts";
import { ContentError } from "../../digest/errors.ts";
import { OciError } from "../../digest/oci_error.ts";
import { verifyStream } from "../../digest/verify_stream.ts";
import { SingleFlight } from "../../distribution/_single_flight.ts";
import type {
  FetchContentOptions,
  ReferrersOptions,
  TagsOptions,
} from "../../distribution/content_options.ts";
import type { RawManifest } from "../../distribution/manifests.ts";
import type { SignalOptions } from "../../distribution/signal_options.ts";
import type { Source } from "../../distribution/source.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import { parseImageLayout } from "../../image/image_layout.ts";
import { parseManifestContent } from "../../image/manifest_content.ts";
import { isManifestType } from "../../image/manifest_type.ts";
import { AnnotationKeys } from "../../image/annotations.ts";
import { MAX_MANIFEST_SIZE, parseJson } from "../../image/parse_json.ts";
import { isFields } from "../../image/_checker.ts";
import type {
  ManifestFetcher,
  Prober,
  ReadableStore,
  ReferrerLister,
  TagLister,
} from "../store.ts";
import { invalid, readSmall, readWhole } from "./_archive_files.ts";
import {
  checkOffset,
  contentNotFound,
  isDigest,
  openVerified,
  readBytes,
  referenceNotFound,
} from "./_content.ts";
import { findEntry } from "./_layout_names.ts";
import { findReferrers } from "./_layout_referrers.ts";
import { TarIndex } from "./_tar_index.ts";
import { sortedTags } from "./_sorted_tags.ts";

/** What refers to what, by the digest of that. */
type ReferrerLists = ReadonlyMap<string, readonly Descriptor[]>;

const HERE = "the archive";
/** An index larger than this is no work of people. */
const MAX_INDEX_SIZE = 64 * 1024 * 1024;

/**
 * An OCI image layout in a tar archive that is not compressed. It is read where it
 * is: only the headers are read at first, and content when it is wanted.
 *
 * What is compressed is opened by `openArchive()` of `@gantry/oci/oras/node`, and an
 * archive is made by {@linkcode packLayout}.
 *
 * @example
 * ```ts
 * import { LayoutArchive, MemoryStore, packLayout } from "@gantry/oci/oras";
 * import { EMPTY_CONTENT, EMPTY_DESCRIPTOR } from "@gantry/oci/image";
 * import { toSource } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * const store = new MemoryStore();
 * await store.push(EMPTY_DESCRIPTOR, toSource(EMPTY_CONTENT));
 * const entries = [{ descriptor: EMPTY_DESCRIPTOR, tag: "v1" }];
 * const tar = await new Response(packLayout(store, entries)).bytes();
 *
 * const archive = await LayoutArchive.open(toSource(tar));
 * assertEquals(await Array.fromAsync(archive.listTags()), ["v1"]);
 * ```
 */
export class LayoutArchive
  implements ReadableStore, Prober, ReferrerLister, TagLister, ManifestFetcher {
  readonly #tar: TarIndex;
  readonly #entries: readonly Descriptor[];
  readonly #finding = new SingleFlight<ReferrerLists>();
  #referrers: ReferrerLists | undefined;

  private constructor(tar: TarIndex, entries: readonly Descriptor[]) {
    this.#tar = tar;
    this.#entries = entries;
  }

  /**
   * Opens an archive.
   *
   * @throws {StoreError} `STORE_INVALID`: it is no tar, or holds no image layout.
   */
  static async open(
    source: Source,
    options: SignalOptions = {},
  ): Promise<LayoutArchive> {
    const tar = await TarIndex.read(source, options);
    const marker = await readSmall(tar, "oci-layout", MAX_MANIFEST_SIZE);
    const index = await readSmall(tar, "index.json", MAX_INDEX_SIZE);
    try {
      parseImageLayout(marker);
      const value = parseJson(index, { maxSize: MAX_INDEX_SIZE });
      const list = isFields(value) ? value["manifests"] ?? [] : undefined;
      if (Array.isArray(list) && list.every(isDescriptor)) {
        return new LayoutArchive(tar, list);
      }
    } catch (cause) {
      throw invalid("its marker or index.json cannot be read", cause);
    }
    throw invalid("its index.json is no index");
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
    const { offset = 0, signal } = options;
    signal?.throwIfAborted();
    checkOffset(descriptor, offset);
    const source = this.#find(descriptor.digest);
    if (source === undefined) throw contentNotFound(descriptor.digest, HERE);
    if (offset > 0) return await source.open(offset);
    return isManifestType(descriptor.mediaType)
      ? await openVerified(
        descriptor,
        { size: descriptor.size, open: () => source.open() },
        { signal },
      )
      : verifyStream(await source.open(), descriptor);
  }

  /** Whether the archive holds the content, in its full size. */
  exists(
    descriptor: Pick<Descriptor, "digest" | "size">,
    options: SignalOptions = {},
  ): Promise<boolean> {
    return new Promise((resolve) => {
      options.signal?.throwIfAborted();
      resolve(this.#find(descriptor.digest)?.size === descriptor.size);
    });
  }

  /**
   * The descriptor of what a tag or a manifest's digest names. A tag may also be the
   * last part of a full name, by which other tools keep it.
   *
   * @throws {StoreError} `REFERENCE_NOT_FOUND`: there is no such reference, or several that it could be.
   * @throws {ContentError} The manifest is damaged.
   */
  async resolve(
    reference: string,
    options: SignalOptions = {},
  ): Promise<Descriptor> {
    options.signal?.throwIfAborted();
    const entry = isDigest(reference)
      ? this.#entries.find(({ digest }) => digest === reference)
      : findEntry(this.#entries, reference, HERE);
    if (entry !== undefined) {
      const { digest, mediaType, size } = entry;
      return { mediaType, digest, size };
    }
    const child = this.#find(reference);
    if (child === undefined || child.size > MAX_MANIFEST_SIZE) {
      throw referenceNotFound(reference, HERE);
    }
    const bytes = await readWhole(child);
    try {
      const content = await parseManifestContent(bytes, { digest: reference });
      return content.descriptor;
    } catch (error) {
      if (error instanceof ContentError) throw error;
      // It is a blob.
      if (error instanceof OciError) throw referenceNotFound(reference, HERE);
      throw error;
    }
  }

  /**
   * A manifest by tag or digest, verified and with its descriptor.
   *
   * @throws {StoreError} As {@linkcode LayoutArchive.resolve}, and `CONTENT_NOT_FOUND` where the manifest itself is missing.
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

  /** Lists the manifests whose subject is the one given, among those that are listed and their children. */
  async *listReferrers(
    descriptor: Pick<Descriptor, "digest">,
    options: ReferrersOptions = {},
  ): AsyncGenerator<Descriptor> {
    const { artifactType, signal } = options;
    signal?.throwIfAborted();
    this.#referrers ??= await this.#finding.run(
      "",
      (signal) => findReferrers(this, this.#entries, { signal }),
      signal,
    );
    for (const entry of this.#referrers.get(descriptor.digest) ?? []) {
      if (artifactType === undefined || entry.artifactType === artifactType) {
        yield entry;
      }
    }
  }

  /** Lists the tags, in the order of their characters. */
  listTags(options: TagsOptions = {}): AsyncIterable<string> {
    const tags = this.#entries.flatMap(({ annotations }) =>
      annotations?.[AnnotationKeys.refName] || []
    );
    return sortedTags(tags, options);
  }

  /** The entries of `index.json` as they stand there, with their annotations. */
  entries(): readonly Descriptor[] {
    return this.#entries;
  }

  #find(digest: string): Source | undefined {
    let parsed: Digest;
    try {
      parsed = Digest.parse(digest);
    } catch {
      // What cannot be computed cannot be here.
      return undefined;
    }
    return this.#tar.find(`blobs/${parsed.algorithm}/${parsed.encoded}`);
  }
}

function isDescriptor(value: unknown): value is Descriptor {
  return isFields(value) && typeof value["mediaType"] === "string" &&
    typeof value["digest"] === "string" && typeof value["size"] === "number";
}
