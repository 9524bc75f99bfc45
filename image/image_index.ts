import type { Annotations } from "./annotations.ts";
import type { Descriptor } from "./descriptor.ts";
import type { Index } from "./manifest.ts";
import { type MediaType, MediaTypes } from "./media_type.ts";

/** Options of {@linkcode imageIndex}. */
export interface ImageIndexOptions {
  /** The type of artifact, where the index is one's. */
  readonly artifactType?: MediaType | undefined;
  /** The manifest that the index says something about. */
  readonly subject?: Descriptor | undefined;
  /** Annotations of the index. */
  readonly annotations?: Annotations | undefined;
}

/**
 * Makes an index of manifests, in the order given.
 *
 * Follows image-spec `image-index.md`.
 *
 * @example
 * ```ts
 * import { encodeJson, imageIndex } from "@gantry/oci/image";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   new TextDecoder().decode(encodeJson(imageIndex([]))),
 *   '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}',
 * );
 * ```
 */
export function imageIndex(
  manifests: readonly Descriptor[],
  options: ImageIndexOptions = {},
): Index {
  const { artifactType, subject, annotations } = options;
  return {
    schemaVersion: 2,
    mediaType: MediaTypes.index,
    ...artifactType && { artifactType },
    manifests,
    ...subject !== undefined && { subject },
    ...annotations !== undefined && { annotations },
  };
}
