import { BoundedCache } from "../../distribution/_bounded_cache.ts";
import type { ManifestContent } from "../../image/manifest_content.ts";

const MAX_HELD = 16 * 1024 * 1024;

/**
 * Manifests that wait for what they point at. A graph may be larger than memory: only
 * so many bytes are kept, and what is not there any more is read anew.
 */
export class HeldManifests {
  readonly #held = new BoundedCache<ManifestContent>(MAX_HELD);

  /** Keeps a manifest. */
  add(content: ManifestContent): void {
    const { bytes, descriptor: { digest } } = content;
    this.#held.set(digest, content, bytes.byteLength);
  }

  /** Gives a manifest that is still kept, and keeps it no longer. */
  take(digest: string): ManifestContent | undefined {
    const content = this.#held.get(digest);
    this.#held.delete(digest);
    return content;
  }
}
