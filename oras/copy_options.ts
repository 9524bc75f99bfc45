import type { MountSource } from "../distribution/mount_source.ts";
import type { ProgressHook } from "../distribution/progress.ts";
import type { SignalOptions } from "../distribution/signal_options.ts";
import type { Descriptor } from "../image/descriptor.ts";
import type { ManifestContent } from "../image/manifest_content.ts";
import type { Platform } from "../image/platform.ts";

/** What is called as content is copied. Each is waited for. */
export interface CopyHooks {
  /**
   * Called before content is moved, and before what it points at is looked at. With
   * `"skip"` it is left alone, and so is what only it points at.
   */
  before?(descriptor: Descriptor): void | "skip" | Promise<void | "skip">;
  /** Called when content has arrived. */
  after?(descriptor: Descriptor): void | Promise<void>;
  /** Called in place of `after` where content was there already, or is left alone. */
  skipped?(descriptor: Descriptor): void | Promise<void>;
  /** Called in place of `after` where content was taken over from another repository. */
  mounted?(descriptor: Descriptor, from: MountSource): void | Promise<void>;
}

/** How a graph of content is copied. */
export interface CopyGraphOptions extends SignalOptions {
  /**
   * How many pieces of content are moved at once.
   *
   * @default {6}
   */
  readonly concurrency?: number | undefined;
  /** Called as content is copied. */
  readonly hooks?: CopyHooks | undefined;
  /** Told of every step; the phases are `copying`, `copied`, `exists`, `skipped` and `mounted`. */
  readonly onProgress?: ProgressHook | undefined;
  /**
   * Copy layers that must not be distributed, too. They are left at their `urls` otherwise.
   *
   * @default {false}
   */
  readonly includeForeign?: boolean | undefined;
  /**
   * Look at everything below a manifest, also where the target has the manifest, and
   * bring what it lacks.
   *
   * @default {false: who has a manifest is believed to have what it points at}
   */
  readonly heal?: boolean | undefined;
  /**
   * Copy what refers to the manifests, too, and what refers to that: signatures,
   * attestations, and the like. Tags are set when all of it has arrived. What the source
   * lists as a referrer, and has not, is skipped.
   *
   * @default {false}
   */
  readonly recursive?: boolean | undefined;
  /**
   * Copy what is tagged with the digest of a manifest and a suffix, too, such as
   * `sha256-….sig`, by which cosign attaches signatures.
   *
   * @default {false}
   */
  readonly digestTags?: boolean | undefined;
  /**
   * What of a manifest is copied before it.
   *
   * @default {successors(content.value)}
   */
  readonly successors?:
    | ((content: ManifestContent) => readonly Descriptor[])
    | undefined;
}

/** How an artifact is copied. */
export interface CopyOptions extends CopyGraphOptions {
  /** Further tags that it gets in the target. */
  readonly tags?: readonly string[] | undefined;
  /** Copy only the manifest for this platform. */
  readonly platform?: Platform | undefined;
  /**
   * What is done about a tag that points at something else in the target: it is moved,
   * left as it is, or the copy fails before anything is copied.
   *
   * @default {"replace"}
   */
  readonly existingTag?: "replace" | "skip" | "fail" | undefined;
}

/** What a copy has done. */
export interface CopyResult {
  /** The manifest that was copied. */
  readonly descriptor: Descriptor;
  /** The tags that it has in the target now, of those that were asked for. */
  readonly tags: readonly string[];
  /** How many pieces of content were moved. */
  readonly copied: number;
  /** How many were mounted. */
  readonly mounted: number;
  /** How many the target had already. What only these point at is not counted. */
  readonly existed: number;
  /** How many bytes were moved. */
  readonly bytes: number;
}
