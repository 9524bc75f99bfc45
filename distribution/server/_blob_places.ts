import { BoundedCache } from "../_bounded_cache.ts";

/** So many blobs are remembered; those that were not used for longest are forgotten first. */
const MAX_BLOBS = 10_000;
/** So many repositories are remembered of one blob. */
const MAX_PLACES = 8;

/**
 * Where this process has seen blobs, so that one can be mounted by a client that
 * names no repository (distribution-spec R46). What is remembered may be out of
 * date: the storage has the last word.
 */
export class BlobPlaces {
  readonly #places = new BoundedCache<readonly string[]>(MAX_BLOBS);

  /** Remembers that a repository has a blob. */
  add(digest: string, repository: string): void {
    const known = this.#places.get(digest) ?? [];
    if (known[0] === repository) return;
    const others = known.filter((name) => name !== repository);
    this.#places.set(digest, [repository, ...others].slice(0, MAX_PLACES));
  }

  /** The repositories that had a blob, the one seen last first. */
  of(digest: string): readonly string[] {
    return this.#places.get(digest) ?? [];
  }
}
