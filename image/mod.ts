/**
 * The models of the image specification and of Docker's schema 2: parse, check,
 * serialise and build manifests, indexes, configs and their parts.
 *
 * ```ts
 * import { artifactManifest, encodeJson, parseManifestContent } from "@gantry/oci/image";
 * import { assertEquals } from "@std/assert";
 *
 * const manifest = artifactManifest({ artifactType: "application/vnd.example" });
 * const content = await parseManifestContent(encodeJson(manifest));
 * assertEquals(content.value, manifest);
 * ```
 *
 * @module
 */
export { addressedBytes } from "./addressed_bytes.ts";
export { AnnotationKeys, type Annotations } from "./annotations.ts";
export {
  artifactManifest,
  type ArtifactManifestOptions,
  type ImageSpecVersion,
} from "./artifact_manifest.ts";
export type { Descriptor } from "./descriptor.ts";
export { EMPTY_CONTENT, EMPTY_DESCRIPTOR } from "./empty_content.ts";
export { encodeJson } from "./encode_json.ts";
export {
  type AppendedLayer,
  appendLayer,
  imageConfig,
  type ImageConfigOptions,
} from "./build_image_config.ts";
export type {
  ContainerConfig,
  Healthcheck,
  History,
  ImageConfig,
  RootFs,
} from "./image_config.ts";
export {
  imageIndex,
  type ImageIndexOptions,
  indexEntry,
  type IndexEntryOptions,
} from "./image_index.ts";
export {
  assertImageLayout,
  IMAGE_BLOBS_DIRECTORY,
  IMAGE_INDEX_FILE,
  IMAGE_LAYOUT_FILE,
  IMAGE_LAYOUT_VERSION,
  type ImageLayout,
  parseImageLayout,
  validateImageLayout,
  validateLayoutIndex,
} from "./image_layout.ts";
export { JsonError, type JsonErrorCode } from "./json_error.ts";
export type { Index, Manifest } from "./manifest.ts";
export {
  isIndex,
  isManifest,
  type ManifestContent,
  parseManifest,
  parseManifestContent,
  type ParseManifestContentOptions,
  type ParseManifestOptions,
} from "./manifest_content.ts";
export { isForeignType, isManifestType } from "./manifest_type.ts";
export { matchPlatform, selectPlatform } from "./match_platform.ts";
export { type MediaType, MediaTypes } from "./media_type.ts";
export {
  MAX_MANIFEST_SIZE,
  parseJson,
  type ParseJsonOptions,
} from "./parse_json.ts";
export {
  formatPlatform,
  hostPlatform,
  normalizePlatform,
  parsePlatform,
  type Platform,
} from "./platform.ts";
export { Schema1Error, type Schema1ErrorCode } from "./schema1_error.ts";
export type { Schema1KeySource } from "./schema1_key.ts";
export {
  assertSchema1,
  type Schema1History,
  type Schema1Layer,
  type Schema1Manifest,
  type Schema1Signature,
  validateSchema1,
} from "./schema1_manifest.ts";
export {
  parseSchema1,
  type ParseSchema1Options,
  type Schema1Content,
  type Schema1Signer,
  signSchema1,
  type SignSchema1Options,
  type VerifiedSchema1,
  verifySchema1,
  type VerifySchema1Options,
} from "./schema1_signature.ts";
export { successors } from "./successors.ts";
export { assertDescriptor, validateDescriptor } from "./validate_descriptor.ts";
export {
  assertImageConfig,
  parseImageConfig,
  type ParseImageConfigOptions,
  validateImageConfig,
} from "./validate_image_config.ts";
export {
  assertIndex,
  assertManifest,
  validateIndex,
  validateManifest,
} from "./validate_manifest.ts";
export {
  type ParseOptions,
  type ValidateOptions,
  ValidationError,
  type ValidationIssue,
  type ValidationLevel,
} from "./validation.ts";
