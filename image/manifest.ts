import type { Annotations } from "./annotations.ts";
import type { Descriptor } from "./descriptor.ts";
import type { MediaType } from "./media_type.ts";

/**
 * An image manifest: a config and layers, of an image or of an artifact; Docker's
 * schema 2 has the same shape.
 *
 * Follows image-spec `manifest.md`. Fields stand in the order in which they are
 * serialised; fields that the specification does not know are kept.
 */
export interface Manifest {
  /** Always 2. */
  readonly schemaVersion: 2;
  /** The manifest's own media type. */
  readonly mediaType?: MediaType;
  /** The type of artifact, where the manifest is one's. */
  readonly artifactType?: MediaType;
  /** The configuration. */
  readonly config: Descriptor;
  /** The layers, base first. */
  readonly layers: readonly Descriptor[];
  /** The manifest that this one says something about. */
  readonly subject?: Descriptor;
  /** Free metadata. */
  readonly annotations?: Annotations;
  /** Whatever else stood there. */
  readonly [key: string]: unknown;
}

/**
 * An image index: manifests for several platforms, or any other set of them;
 * Docker's manifest list has the same shape.
 *
 * Follows image-spec `image-index.md`.
 */
export interface Index {
  /** Always 2. */
  readonly schemaVersion: 2;
  /** The index's own media type. */
  readonly mediaType?: MediaType;
  /** The type of artifact, where the index is one's. */
  readonly artifactType?: MediaType;
  /** The manifests. */
  readonly manifests: readonly Descriptor[];
  /** The manifest that this one says something about. */
  readonly subject?: Descriptor;
  /** Free metadata. */
  readonly annotations?: Annotations;
  /** Whatever else stood there. */
  readonly [key: string]: unknown;
}
