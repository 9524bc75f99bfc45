import type { SignalOptions } from "../../../distribution/signal_options.ts";
import type { Annotations } from "../../../image/annotations.ts";
import type { FileNameRules } from "../../../image/layer/name_rules.ts";
import type { MediaType } from "../../../image/media_type.ts";

/** How a `FileStore` treats files. */
export interface FileStoreOptions {
  /**
   * Replace files that exist and have another content.
   *
   * @default {true}
   */
  readonly overwrite?: boolean | undefined;
  /**
   * Let titles lead out of the directory.
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
   * The largest content without a title that is taken, in bytes; it is held in memory.
   *
   * @default {4194304}
   */
  readonly maxUntitledSize?: number | undefined;
}

/** What is said of a file that is added. */
export interface AddFileOptions extends SignalOptions {
  /**
   * The name that it is pulled by.
   *
   * @default {the path as it was given}
   */
  readonly title?: string | undefined;
  /**
   * Its media type.
   *
   * @default {"application/vnd.oci.image.layer.v1.tar"}
   */
  readonly mediaType?: MediaType | undefined;
  /** Further annotations. */
  readonly annotations?: Annotations | undefined;
}
