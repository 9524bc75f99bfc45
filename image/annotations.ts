/** Metadata as pairs of text. Follows image-spec `annotations.md`. */
export interface Annotations {
  /** A value, which may be empty. */
  readonly [key: string]: string;
}

/**
 * The annotation keys that have a meaning: the specification's fourteen, and the
 * two by which the `oras` tools mark a directory that was packed.
 *
 * Follows image-spec `annotations.md` §Pre-Defined Annotation Keys.
 *
 * @example Name a layer
 * ```ts
 * import { AnnotationKeys } from "@gantry/oci/image";
 * import { assertEquals } from "@std/assert";
 *
 * const annotations = { [AnnotationKeys.title]: "readme.md" };
 * assertEquals(annotations, { "org.opencontainers.image.title": "readme.md" });
 * ```
 */
export const AnnotationKeys = {
  /** When the content was made, RFC 3339. */
  created: "org.opencontainers.image.created",
  /** The people or the organisation to ask. */
  authors: "org.opencontainers.image.authors",
  /** Where to learn more. */
  url: "org.opencontainers.image.url",
  /** Where the documentation is. */
  documentation: "org.opencontainers.image.documentation",
  /** Where the source code is. */
  source: "org.opencontainers.image.source",
  /** The version of the packaged software. */
  version: "org.opencontainers.image.version",
  /** The source code's revision. */
  revision: "org.opencontainers.image.revision",
  /** Who distributes it. */
  vendor: "org.opencontainers.image.vendor",
  /** The licences, as an SPDX expression. */
  licenses: "org.opencontainers.image.licenses",
  /** The reference's name, in the `index.json` of an image layout. */
  refName: "org.opencontainers.image.ref.name",
  /** A title for people; in artifacts, a layer's file name. */
  title: "org.opencontainers.image.title",
  /** A description for people. */
  description: "org.opencontainers.image.description",
  /** The digest of the image that this one is based on. */
  baseDigest: "org.opencontainers.image.base.digest",
  /** The reference of the image that this one is based on. */
  baseName: "org.opencontainers.image.base.name",
  /** The digest of a packed directory's uncompressed tar. */
  unpackedDigest: "io.deis.oras.content.digest",
  /** `true` where a layer is a packed directory that a pull is to unpack. */
  unpack: "io.deis.oras.content.unpack",
} as const;
