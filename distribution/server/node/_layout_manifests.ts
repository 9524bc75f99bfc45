import { Digest } from "../../../digest/digest.ts";
import type { Descriptor } from "../../../image/descriptor.ts";
import { MediaTypes } from "../../../image/media_type.ts";
import { MAX_MANIFEST_SIZE, parseJson } from "../../../image/parse_json.ts";
import { addressedBytes } from "../../../image/addressed_bytes.ts";
import { isMediaType } from "../media_type.ts";
import {
  describeReferrer,
  type ReferrerDescription,
} from "../referrer_description.ts";
import type { StoredManifest } from "../storage.ts";
import { BoundedCache } from "../../_bounded_cache.ts";
import type { BlobFiles } from "./_blob_files.ts";
import { damaged } from "./_damaged.ts";
import type { LayoutIndex } from "./_layout_index.ts";

/** Whoever lists a larger manifest in a layout meant it. */
const MAX_LISTED_SIZE = 64 * 1024 * 1024;
/** Manifests that are asked for again and again are kept, up to so many bytes in all. */
const MAX_CACHED_BYTES = 16 * 1024 * 1024;
const MAX_FACTS = 20_000;

/** What is to be remembered of a manifest, which never changes. */
interface ManifestFacts {
  readonly referrer: ReferrerDescription | undefined;
  readonly children: readonly string[];
}

/** The manifests in layouts: the blobs that are listed, and those that say that they are one. */
export class LayoutManifests {
  readonly #blobs: BlobFiles;
  readonly #cache = new BoundedCache<StoredManifest>(MAX_CACHED_BYTES);
  readonly #facts = new BoundedCache<ManifestFacts>(MAX_FACTS);

  constructor(blobs: BlobFiles) {
    this.#blobs = blobs;
  }

  /**
   * Reads a manifest. Its media type is that of its entry in the index; one that is
   * not listed, such as the child of an index, must tell its type by itself.
   */
  async read(
    repository: string,
    digest: string,
    index: LayoutIndex,
  ): Promise<StoredManifest | undefined> {
    const listed = index.byDigest.get(digest);
    const state = await this.#blobs.state(repository, digest);
    if (state === undefined) return undefined;
    const key = `${state.identity} ${digest} ${listed?.mediaType ?? ""}`;
    const cached = this.#cache.get(key);
    if (cached !== undefined) return cached;
    if (state.size > (listed ? MAX_LISTED_SIZE : MAX_MANIFEST_SIZE)) {
      if (listed) throw damaged(`manifest ${digest} is too large`);
      return undefined;
    }
    const body = await this.#blobs.read(repository, digest);
    if (body === undefined) return undefined;
    const bytes = new Uint8Array(await new Response(body).arrayBuffer());
    const mediaType = listed && isMediaType(listed.mediaType)
      ? listed.mediaType
      : ownMediaType(bytes);
    if (mediaType === undefined) return undefined;
    const { algorithm } = Digest.parse(digest);
    const addressed = addressedOf(bytes, mediaType);
    if (!(await Digest.fromBytes(addressed, { algorithm })).equals(digest)) {
      throw damaged(`manifest ${digest} has another content`);
    }
    const manifest = { digest, mediaType, bytes };
    this.#cache.set(key, manifest, bytes.byteLength);
    return manifest;
  }

  /** Finds what refers to a manifest, among the listed manifests and those in their indexes. */
  async referrers(
    repository: string,
    subject: string,
    index: LayoutIndex,
  ): Promise<readonly Descriptor[]> {
    const found: Descriptor[] = [];
    const queue = [...index.byDigest.keys()];
    const seen = new Set(queue);
    for (const digest of queue) {
      const facts = await this.#read(repository, digest, index);
      if (facts === undefined) continue;
      // Only of those that matter it is looked at whether they still are there.
      const refers = facts.referrer?.subject === subject &&
        await this.#blobs.state(repository, digest) !== undefined;
      if (refers) found.push(facts.referrer!.descriptor);
      for (const child of facts.children) {
        if (seen.has(child)) continue;
        seen.add(child);
        queue.push(child);
      }
    }
    return found;
  }

  /** What is known of a manifest, which may be gone since, or be another repository's. */
  async #read(
    repository: string,
    digest: string,
    index: LayoutIndex,
  ): Promise<ManifestFacts | undefined> {
    if (!isComputable(digest)) return undefined;
    const key = `${digest} ${index.byDigest.get(digest)?.mediaType ?? ""}`;
    const known = this.#facts.get(key);
    if (known !== undefined) return known;
    const manifest = await this.read(repository, digest, index);
    if (manifest === undefined) return undefined;
    const facts = {
      referrer: describeReferrer(manifest),
      children: childrenOf(manifest.bytes),
    };
    this.#facts.set(key, facts);
    return facts;
  }
}

/** What a manifest's digest is of: a signed one of schema 1 is addressed by what was signed. */
function addressedOf(
  bytes: Uint8Array<ArrayBuffer>,
  mediaType: string,
): Uint8Array<ArrayBuffer> {
  try {
    return addressedBytes(bytes, mediaType);
  } catch {
    // It does not say what was signed: then it is compared as a whole.
    return bytes;
  }
}

/** The media type that a manifest gives itself; OCI's two may leave it to be seen by their fields. */
function ownMediaType(bytes: Uint8Array): string | undefined {
  const value = parseObject(bytes);
  if (value?.schemaVersion !== 2) return undefined;
  const { mediaType, manifests, config, layers } = value;
  if (mediaType !== undefined) {
    return typeof mediaType === "string" && isMediaType(mediaType)
      ? mediaType
      : undefined;
  }
  if (Array.isArray(manifests)) return MediaTypes.index;
  return typeof config === "object" && Array.isArray(layers)
    ? MediaTypes.manifest
    : undefined;
}

function childrenOf(bytes: Uint8Array): string[] {
  const list = parseObject(bytes)?.manifests;
  if (!Array.isArray(list)) return [];
  return list.map((child) => child?.digest).filter((digest) =>
    typeof digest === "string"
  );
}

function parseObject(
  bytes: Uint8Array,
): Record<string, unknown> | undefined {
  try {
    const value = parseJson(bytes, { maxSize: MAX_LISTED_SIZE });
    return typeof value === "object" && value !== null
      ? value as Record<string, unknown>
      : undefined;
  } catch {
    // A blob that is no JSON is no manifest.
    return undefined;
  }
}

function isComputable(digest: string): boolean {
  try {
    Digest.parse(digest);
    return true;
  } catch {
    return false;
  }
}
