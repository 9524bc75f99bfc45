import { MediaTypes } from "./media_type.ts";

/** OCI's manifest of artifacts, which was withdrawn before image-spec 1.1. */
const ARTIFACT_MANIFEST = "application/vnd.oci.artifact.manifest.v1+json";

const MANIFEST_TYPES: ReadonlySet<string> = new Set([
  MediaTypes.manifest,
  MediaTypes.index,
  MediaTypes.dockerManifest,
  MediaTypes.dockerManifestList,
  MediaTypes.dockerSchema1,
  MediaTypes.dockerSchema1Signed,
  ARTIFACT_MANIFEST,
]);

const FOREIGN_TYPES: ReadonlySet<string> = new Set([
  MediaTypes.nondistributableLayer,
  MediaTypes.nondistributableLayerGzip,
  MediaTypes.nondistributableLayerZstd,
  MediaTypes.dockerForeignLayerGzip,
]);

/**
 * Whether content of a media type is a manifest or an index, which a registry keeps
 * under its manifests. Whatever else a descriptor points at is a blob.
 *
 * @example
 * ```ts
 * import { isManifestType, MediaTypes } from "@gantry/oci/image";
 * import { assert, assertFalse } from "@std/assert";
 *
 * assert(isManifestType(MediaTypes.index));
 * assertFalse(isManifestType(MediaTypes.config));
 * ```
 */
export function isManifestType(mediaType: string): boolean {
  return MANIFEST_TYPES.has(mediaType);
}

/**
 * Whether content of a media type is a layer that must not be distributed: it stays
 * where its descriptor's `urls` say.
 *
 * Follows image-spec `layer.md` §Non-Distributable Layers.
 *
 * @example
 * ```ts
 * import { isForeignType, MediaTypes } from "@gantry/oci/image";
 * import { assert, assertFalse } from "@std/assert";
 *
 * assert(isForeignType(MediaTypes.dockerForeignLayerGzip));
 * assertFalse(isForeignType(MediaTypes.layerGzip));
 * ```
 */
export function isForeignType(mediaType: string): boolean {
  return FOREIGN_TYPES.has(mediaType);
}
