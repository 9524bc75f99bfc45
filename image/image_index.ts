import type { Annotations } from "./annotations.ts";
import type { Descriptor } from "./descriptor.ts";
import type { ImageConfig } from "./image_config.ts";
import type { Index } from "./manifest.ts";
import type { ManifestContent } from "./manifest_content.ts";
import { type MediaType, MediaTypes } from "./media_type.ts";
import type { Platform } from "./platform.ts";

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

/** Options of {@linkcode indexEntry}. */
export interface IndexEntryOptions {
  /** The image's configuration, which tells its platform. */
  readonly config?: ImageConfig | undefined;
  /** Annotations of the entry. */
  readonly annotations?: Annotations | undefined;
}

/**
 * Makes the entry of an index from a manifest: its descriptor with its type of
 * artifact, and with the platform that its configuration tells.
 *
 * Follows image-spec `image-index.md` §manifests.
 *
 * @example
 * ```ts
 * import {
 *   encodeJson,
 *   imageConfig,
 *   imageIndex,
 *   indexEntry,
 *   parseManifestContent,
 *   artifactManifest,
 * } from "@gantry/oci/image";
 * import { assertEquals } from "@std/assert";
 *
 * const manifest = artifactManifest({ artifactType: "application/vnd.example" });
 * const content = await parseManifestContent(encodeJson(manifest));
 * const index = imageIndex([indexEntry(content, { config: imageConfig() })]);
 * assertEquals(index.manifests, [{
 *   ...content.descriptor,
 *   platform: { architecture: "amd64", os: "linux" },
 *   artifactType: "application/vnd.example",
 * }]);
 * ```
 */
export function indexEntry(
  content: ManifestContent,
  options: IndexEntryOptions = {},
): Descriptor {
  const { annotations, config } = options;
  const { artifactType } = content.value;
  return {
    ...content.descriptor,
    ...annotations !== undefined && { annotations },
    ...config !== undefined && { platform: platformOf(config) },
    ...artifactType && { artifactType },
  };
}

function platformOf(config: ImageConfig): Platform {
  const version = config["os.version"];
  const features = config["os.features"];
  return {
    architecture: config.architecture,
    os: config.os,
    ...version && { "os.version": version },
    ...features && features.length > 0 && { "os.features": features },
    ...config.variant && { variant: config.variant },
  };
}
