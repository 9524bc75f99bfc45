import type { Annotations } from "./annotations.ts";
import type { MediaType } from "./media_type.ts";
import type { Platform } from "./platform.ts";

/**
 * A pointer to content: what it is, how large, and which digest it has.
 *
 * Follows image-spec `descriptor.md`. Fields stand in the order in which they are
 * serialised; fields that the specification does not know are kept.
 */
export interface Descriptor {
  /** The content's media type. */
  readonly mediaType: MediaType;
  /** The content's digest, `algorithm:encoded`. */
  readonly digest: string;
  /** The content's size in bytes. */
  readonly size: number;
  /** Other places that the content can be had from. Never fetched unless asked for. */
  readonly urls?: readonly string[];
  /** Free metadata. */
  readonly annotations?: Annotations;
  /** The content itself in base64, where it is small. */
  readonly data?: string;
  /** The platform that the content is for, in the entries of an index. */
  readonly platform?: Platform;
  /** The type of artifact, where the content is a manifest of one. */
  readonly artifactType?: MediaType;
  /** Whatever else stood there. */
  readonly [key: string]: unknown;
}
