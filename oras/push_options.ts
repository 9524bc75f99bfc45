import type { ProgressHook } from "../distribution/progress.ts";
import type { Reference } from "../distribution/reference.ts";
import type { Annotations } from "../image/annotations.ts";
import type { ImageSpecVersion } from "../image/artifact_manifest.ts";
import type { Descriptor } from "../image/descriptor.ts";
import type { Manifest } from "../image/manifest.ts";
import type { ManifestContent } from "../image/manifest_content.ts";
import type { MediaType } from "../image/media_type.ts";
import type { Platform } from "../image/platform.ts";
import type { ConfigInput, LayerInput } from "./layer.ts";

/**
 * Annotations for the parts of an artifact, as in an annotation file: the section
 * `$manifest`, the section `$config`, and one section per file by its path as given.
 */
export interface AnnotationSections {
  /** The annotations of one part. */
  readonly [section: string]: Annotations;
}

/** What {@linkcode push} and {@linkcode Registry.push} are told. */
export interface PushOptions {
  /**
   * What becomes the layers, in this order. A text is `path[:mediaType]`: it is split at the last
   * colon, unless a file of the whole name exists.
   *
   * @default {[]}
   */
  readonly files?: readonly (string | LayerInput)[] | undefined;
  /**
   * The directory that paths are relative to.
   *
   * @default {"."}
   */
  readonly root?: string | undefined;
  /**
   * The type of the artifact.
   *
   * @default {"application/vnd.unknown.artifact.v1" where no config is given either}
   */
  readonly artifactType?: MediaType | undefined;
  /**
   * The config: `path[:mediaType]` or an object.
   *
   * @default {the empty config, an empty JSON object}
   */
  readonly config?: string | ConfigInput | undefined;
  /** Annotations of the manifest. They win over the section `$manifest`. */
  readonly annotations?: Annotations | undefined;
  /** Annotations of all parts: the path of a JSON file, relative to `root`, or its content. */
  readonly annotationFile?: string | AnnotationSections | undefined;
  /** The manifest that the artifact says something about. Needs image specification v1.1. */
  readonly subject?: Descriptor | undefined;
  /**
   * The form of the manifest.
   *
   * @default {"v1.1", and "v1.0" where a config comes without an artifact type}
   */
  readonly imageSpec?: ImageSpecVersion | undefined;
  /** The platform that the artifact is for; it makes an image config that says so. */
  readonly artifactPlatform?: Platform | undefined;
  /**
   * Accept absolute paths.
   *
   * @default {false}
   */
  readonly disablePathValidation?: boolean | undefined;
  /**
   * The tags of the manifest; of a push to a registry, those beside the target's own.
   *
   * @default {[]}
   */
  readonly tags?: readonly string[] | undefined;
  /**
   * Make the same bytes of the same files every time: the times of directory
   * entries and of the manifest are those of `sourceDateEpoch`, or 1970 where that is not given.
   *
   * @default {false}
   */
  readonly reproducible?: boolean | undefined;
  /** Seconds since 1970 that no time in the artifact may lie behind. */
  readonly sourceDateEpoch?: number | undefined;
  /**
   * How many files are prepared and uploaded at once.
   *
   * @default {8}
   */
  readonly concurrency?: number | undefined;
  /** Takes the steps of the push. */
  readonly onProgress?: ProgressHook | undefined;
  /** Ends the push. */
  readonly signal?: AbortSignal | undefined;
}

/** What a push to a registry has made. */
export interface PushResult extends StorePushResult {
  /** Where the manifest was pushed to: with its tag, or with its digest where it got no tag. */
  readonly reference: Reference;
}

/** What a push has made. */
export interface StorePushResult {
  /** The manifest's descriptor. */
  readonly descriptor: Descriptor;
  /** The manifest, with its exact bytes. */
  readonly manifest: ManifestContent<Manifest>;
  /** All tags that the manifest got, the target's own first; empty where it was pushed by digest. */
  readonly tags: readonly string[];
}
