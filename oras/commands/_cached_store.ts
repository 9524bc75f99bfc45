import { readAll } from "../../distribution/_read_all.ts";
import type { FetchContentOptions } from "../../distribution/content_options.ts";
import type { RawManifest } from "../../distribution/manifests.ts";
import type { Repository } from "../../distribution/repository.ts";
import type { SignalOptions } from "../../distribution/signal_options.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import { parseManifestContent } from "../../image/manifest_content.ts";
import { MediaTypes } from "../../image/media_type.ts";
import { MAX_MANIFEST_SIZE } from "../../image/parse_json.ts";
import { isDigest } from "../stores/_content.ts";
import type { LayoutStore } from "../stores/node/layout_store.ts";
import type { ManifestFetcher, ReadableStore } from "../store.ts";
import { CommandError } from "./_errors.ts";
import { layoutBlob } from "./_layout_blob.ts";

const SCHEMA1: ReadonlySet<string> = new Set([
  MediaTypes.dockerSchema1,
  MediaTypes.dockerSchema1Signed,
]);

/** How a manifest is fetched through a cache. */
export interface FetchCachedOptions extends SignalOptions {
  /** The media types to ask the registry for; all that are known where not given. */
  readonly accept?: readonly string[] | undefined;
}

/**
 * A repository that is read through an image layout on disk: content that is there is
 * not asked for again, other content is kept there first. What a tag points at is
 * always asked of the registry.
 */
export class CachedStore implements ReadableStore, ManifestFetcher {
  readonly #base: Repository;
  readonly #cache: LayoutStore;

  /** Reads a repository through a layout, which need not exist yet. */
  constructor(base: Repository, cache: LayoutStore) {
    this.#base = base;
    this.#cache = cache;
  }

  /** Opens content of the cache, and brings it there before, where it is missing. */
  async fetch(
    descriptor: Descriptor,
    options: FetchContentOptions = {},
  ): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const { signal } = options;
    const { digest, size } = descriptor;
    // As a blob, so that the layout's index does not list it.
    const blob = { mediaType: MediaTypes.octetStream, digest, size };
    if (!await this.#cache.exists(blob, { signal })) {
      await this.#cache.push(blob, {
        size,
        open: (offset = 0) =>
          this.#base.fetch(descriptor, { ...options, offset }),
      }, { signal });
    }
    return await this.#cache.fetch(blob, options);
  }

  /** The descriptor of what a reference names in the repository. */
  async resolve(
    reference: string,
    options?: FetchCachedOptions,
  ): Promise<Descriptor> {
    return await this.#base.manifests.head(reference, options);
  }

  /** Fetches a manifest: by its digest from the cache where it is there, else from the repository. */
  async fetchManifest(
    reference: string,
    options: FetchCachedOptions = {},
  ): Promise<RawManifest> {
    const { signal } = options;
    const blob = isDigest(reference)
      ? await layoutBlob(this.#cache.path, reference)
      : undefined;
    if (blob !== undefined) {
      const bytes = await readAll(
        await this.#cache.fetch(blob, { signal }),
        MAX_MANIFEST_SIZE,
        () => new CommandError(`${reference} is no manifest: it is too large`),
      );
      const { descriptor } = await parseManifestContent(bytes, {
        digest: reference,
      });
      return { bytes, descriptor };
    }
    const manifest = await this.#base.manifests.fetch(reference, options);
    const { bytes, descriptor } = manifest;
    // What is signed there is not all of the bytes, so that these have another digest.
    if (SCHEMA1.has(descriptor.mediaType)) return manifest;
    await this.#cache.push(
      { ...descriptor, mediaType: MediaTypes.octetStream },
      {
        size: bytes.byteLength,
        open: (offset = 0) =>
          Promise.resolve(new Blob([bytes.subarray(offset)]).stream()),
      },
      { signal },
    );
    return manifest;
  }

  /** The descriptor of a blob of which only the digest is known. */
  async findBlob(digest: string, signal: AbortSignal): Promise<Descriptor> {
    return await layoutBlob(this.#cache.path, digest) ??
      await this.#base.blobs.head(digest, { signal });
  }
}
