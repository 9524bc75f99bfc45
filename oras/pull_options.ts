import type { ProgressHook } from "../distribution/progress.ts";
import type { Reference } from "../distribution/reference.ts";
import type { Descriptor } from "../image/descriptor.ts";
import type { ManifestContent } from "../image/manifest_content.ts";
import type { FileNameRules } from "../image/layer/name_rules.ts";
import type { MediaType } from "../image/media_type.ts";
import type { Platform } from "../image/platform.ts";

/** What {@linkcode pull} and {@linkcode Registry.pull} are told. */
export interface PullOptions {
  /**
   * The directory that files are written to. It is made where it is missing.
   *
   * @default {"."}
   */
  readonly outdir?: string | undefined;
  /**
   * Replace files that exist. Where not, an existing file makes the pull fail before it writes anything.
   *
   * @default {true}
   */
  readonly overwrite?: boolean | undefined;
  /**
   * Let titles lead out of `outdir`. Dangerous: whoever made the artifact chooses where you write.
   *
   * @default {false}
   */
  readonly allowPathTraversal?: boolean | undefined;
  /**
   * Whose rules names must keep to, and by which several names are one file.
   *
   * @default {those of the system}
   */
  readonly nameRules?: FileNameRules | undefined;
  /**
   * Also pull the artifact that the manifest says something about.
   *
   * @default {false}
   */
  readonly includeSubject?: boolean | undefined;
  /** The platform to select from an index. Where not given, all manifests of an index are pulled. */
  readonly platform?: Platform | undefined;
  /** A name to write the config to: `file[:mediaType]`, with a media type only a config of that type. */
  readonly config?: string | undefined;
  /**
   * Only layers whose title matches one of these patterns: `*` and `?` stand for
   * what has no slash, `**` for anything, `[a-z]` for a character, `{a,b}` for a
   * choice. Content without a title is then left out. A packed directory has one
   * title, and is pulled as a whole.
   */
  readonly include?: readonly string[] | undefined;
  /** Only layers of these media types. */
  readonly mediaTypes?: readonly MediaType[] | undefined;
  /**
   * How many blobs are fetched at once.
   *
   * @default {8}
   */
  readonly concurrency?: number | undefined;
  /**
   * Keep what has arrived when the pull is interrupted, and go on from there next time.
   *
   * It is kept of blobs of 1 MiB and more, in a file `.gantry-<digest>.part` beside
   * the one that it is for; only its name tells whose it is, and all of it is verified
   * again. Content that is not what it should be is never kept.
   *
   * @default {false}
   */
  readonly resume?: boolean | undefined;
  /**
   * Read the manifests, find and check all places, and write nothing: what would be
   * written is told as if it had been.
   *
   * @default {false}
   */
  readonly dryRun?: boolean | undefined;
  /** Takes the steps of the pull. */
  readonly onProgress?: ProgressHook | undefined;
  /** Ends the pull. */
  readonly signal?: AbortSignal | undefined;
}

/** A file or directory that a pull has written. */
export interface PulledFile {
  /** The absolute path. */
  readonly path: string;
  /** The layer that it was made of. */
  readonly descriptor: Descriptor;
  /** Whether the layer was unpacked into a directory, which then is `path`. */
  readonly unpacked: boolean;
}

/** What a pull from a registry has read and written. */
export interface PullResult extends StorePullResult {
  /** Where the manifest was pulled from. */
  readonly reference: Reference;
}

/** What a pull has read and written. */
export interface StorePullResult {
  /** The descriptor of the manifest or index that was pulled. */
  readonly descriptor: Descriptor;
  /** That manifest or index, with its exact bytes. */
  readonly manifest: ManifestContent;
  /** What was written, in the order of the layers. */
  readonly files: readonly PulledFile[];
  /** Content that was not written because it has no title. */
  readonly skipped: readonly Descriptor[];
}
