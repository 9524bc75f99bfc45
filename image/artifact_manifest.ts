import type { Annotations } from "./annotations.ts";
import type { Descriptor } from "./descriptor.ts";
import { EMPTY_DESCRIPTOR } from "./empty_content.ts";
import type { Manifest } from "./manifest.ts";
import { type MediaType, MediaTypes } from "./media_type.ts";

/** The version of the image specification whose artifact form a manifest takes. */
export type ImageSpecVersion = "v1.0" | "v1.1";

/** Options of {@linkcode artifactManifest}. */
export interface ArtifactManifestOptions {
  /**
   * The type of artifact.
   *
   * @default {"application/vnd.unknown.artifact.v1" where there is no config either}
   */
  readonly artifactType?: MediaType | undefined;
  /**
   * The artifact's configuration.
   *
   * @default {the empty descriptor; in the 1.0 form, with the artifact type as its media type}
   */
  readonly config?: Descriptor | undefined;
  /** Annotations of the config that is made where none is given. */
  readonly configAnnotations?: Annotations | undefined;
  /**
   * The artifact's content.
   *
   * @default {[]}
   */
  readonly layers?: readonly Descriptor[] | undefined;
  /** The manifest that the artifact says something about. Not in the 1.0 form. */
  readonly subject?: Descriptor | undefined;
  /** Annotations of the manifest. The time of creation is the caller's to add. */
  readonly annotations?: Annotations | undefined;
  /**
   * Which version of the specification readers know.
   *
   * @default {"v1.1"}
   */
  readonly imageSpec?: ImageSpecVersion | undefined;
}

/**
 * Makes the manifest of an artifact, in the form that the oras tools make too.
 *
 * In the 1.1 form the artifact's type is a field of its own, and where there is no
 * config or no layer the empty descriptor stands in; its content `{}` must then be
 * in the repository. In the 1.0 form the artifact's type is the config's media type.
 *
 * Follows image-spec `manifest.md` §Guidelines for Artifact Usage.
 *
 * @throws {TypeError} The 1.0 form has a subject, or both a config and an artifact type.
 *
 * @example
 * ```ts
 * import { artifactManifest, validateManifest } from "@gantry/oci/image";
 * import { assertEquals } from "@std/assert";
 *
 * const manifest = artifactManifest({ artifactType: "application/vnd.example" });
 * assertEquals(manifest.config.mediaType, "application/vnd.oci.empty.v1+json");
 * assertEquals(manifest.layers.length, 1);
 * assertEquals(validateManifest(manifest), []);
 * ```
 *
 * @example The 1.0 form
 * ```ts
 * import { artifactManifest } from "@gantry/oci/image";
 * import { assertEquals } from "@std/assert";
 *
 * const manifest = artifactManifest({
 *   artifactType: "application/vnd.example",
 *   imageSpec: "v1.0",
 * });
 * assertEquals(manifest.artifactType, undefined);
 * assertEquals(manifest.config.mediaType, "application/vnd.example");
 * ```
 */
export function artifactManifest(
  options: ArtifactManifestOptions = {},
): Manifest {
  return options.imageSpec === "v1.0" ? version10(options) : version11(options);
}

function version11(options: ArtifactManifestOptions): Manifest {
  const config = options.config ??
    withAnnotations(EMPTY_DESCRIPTOR, options.configAnnotations);
  const artifactType = options.artifactType ||
    (config.mediaType === MediaTypes.empty
      ? MediaTypes.unknownArtifact
      : undefined);
  const { layers = [], subject, annotations } = options;
  return {
    schemaVersion: 2,
    mediaType: MediaTypes.manifest,
    ...artifactType !== undefined && { artifactType },
    config,
    layers: layers.length === 0 ? [EMPTY_DESCRIPTOR] : layers,
    ...subject !== undefined && { subject },
    ...annotations !== undefined && { annotations },
  };
}

function version10(options: ArtifactManifestOptions): Manifest {
  const { artifactType, layers = [], annotations } = options;
  if (options.subject !== undefined) {
    throw new TypeError(
      "Cannot make a manifest of image-spec v1.0 with a subject: v1.1 brought it",
    );
  }
  if (options.config !== undefined && artifactType) {
    throw new TypeError(
      "Cannot make a manifest of image-spec v1.0 with config and artifact type: " +
        "the config's media type is the artifact type",
    );
  }
  const { data: _, ...empty } = EMPTY_DESCRIPTOR;
  const config = options.config ?? withAnnotations(
    { ...empty, mediaType: artifactType || MediaTypes.unknownConfig },
    options.configAnnotations,
  );
  return {
    schemaVersion: 2,
    mediaType: MediaTypes.manifest,
    config,
    layers,
    ...annotations !== undefined && { annotations },
  };
}

function withAnnotations(
  descriptor: Descriptor,
  annotations: Annotations | undefined,
): Descriptor {
  return annotations === undefined
    ? descriptor
    : { ...descriptor, annotations };
}
