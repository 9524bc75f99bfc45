import type { MountSource } from "./mount_source.ts";
import type { ProgressHook } from "./progress.ts";
import type { SignalOptions } from "./signal_options.ts";

/** How to read content from a store, be it a blob or a manifest. */
export interface FetchContentOptions extends SignalOptions {
  /**
   * The byte to begin at, from 0. What comes from the middle can be checked for its
   * size only, and not for its digest.
   *
   * @default {0}
   */
  readonly offset?: number | undefined;
}

/** How to bring content into a store, be it a blob or a manifest. */
export interface PushContentOptions extends SignalOptions {
  /** Told how far it is. */
  readonly onProgress?: ProgressHook | undefined;
  /** The name to report with progress. */
  readonly name?: string | undefined;
  /** Where the store can take the content from without an upload, see `mountSource()`. */
  readonly mount?: MountSource | undefined;
  /**
   * Do not ask first whether the content is there, where it is known that it is not.
   *
   * @default {false}
   */
  readonly skipCheck?: boolean | undefined;
}

/** What a store had to do to hold content that was pushed. */
export type PushContentResult = "uploaded" | "exists" | "mounted";

/** How to list what refers to a manifest. */
export interface ReferrersOptions extends SignalOptions {
  /** List only referrers of this type. */
  readonly artifactType?: string | undefined;
}

/** How to list the tags of a store. */
export interface TagsOptions extends SignalOptions {
  /** List only tags behind this one. */
  readonly last?: string | undefined;
}
