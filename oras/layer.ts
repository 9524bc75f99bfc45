import type { Annotations } from "../image/annotations.ts";
import type { Descriptor } from "../image/descriptor.ts";
import type { MediaType } from "../image/media_type.ts";
import type { Source, SourceLike } from "../distribution/source.ts";

/**
 * A file, a directory or a piece of content that becomes one layer of an artifact.
 *
 * Exactly one of `path` and `content` is given.
 */
export interface LayerInput {
  /** The file or directory, relative to the push's `root`. */
  readonly path?: string | undefined;
  /** The content itself, where it lies in no file. Needs a `title` to be pulled by name. */
  readonly content?: SourceLike | undefined;
  /**
   * The name that the layer is pulled by.
   *
   * @default {the cleaned path with `/` as separator, as it was given}
   */
  readonly title?: string | undefined;
  /**
   * The layer's media type.
   *
   * @default {"application/vnd.oci.image.layer.v1.tar" for a file, "application/vnd.oci.image.layer.v1.tar+gzip" for a directory}
   */
  readonly mediaType?: MediaType | undefined;
  /** Annotations of the layer. A title in here wins over every other. */
  readonly annotations?: Annotations | undefined;
}

/** The content that becomes the config of an artifact. Exactly one of `path` and `content` is given. */
export interface ConfigInput {
  /** The file, relative to the push's `root`. */
  readonly path?: string | undefined;
  /** The content itself. */
  readonly content?: SourceLike | undefined;
  /**
   * The config's media type.
   *
   * @default {"application/vnd.unknown.config.v1+json"}
   */
  readonly mediaType?: MediaType | undefined;
  /** Annotations of the config. */
  readonly annotations?: Annotations | undefined;
}

/** What a layer is made of: bytes as they are, or a directory that gets packed. */
export type LayerKind = "file" | "directory";

/** A descriptor with the content that it describes, ready to be uploaded. */
export interface PreparedContent {
  /** What the manifest says of the content. */
  readonly descriptor: Descriptor;
  /** The content. */
  readonly source: Source;
  /** Gives back what the content holds, such as a temporary file. Called once, when the upload has ended in any way. */
  release?(): Promise<void>;
}
