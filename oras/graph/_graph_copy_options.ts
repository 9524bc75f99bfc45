import type { Descriptor } from "../../image/descriptor.ts";
import type { CopyGraphOptions } from "../copy_options.ts";
import type { ReadableStore, WritableStore } from "../store.ts";
import type { Newness } from "./_newness.ts";

/** Content that is to be copied. */
export interface CopyNode {
  /** What it is. */
  readonly descriptor: Descriptor;
  /** Whether it is only what a manifest is about, which need not exist. */
  readonly isSubject?: boolean;
  /** Whether the target has it, because it has a manifest that points at it. */
  readonly isKnown?: boolean;
  /** What it was found as a referrer of. */
  readonly refersTo?: Descriptor;
  /** Whether nothing that is copied points at it. */
  readonly isRoot?: boolean;
}

/** What has been done so far. */
export interface CopyCounts {
  /** Pieces that were moved. */
  copied: number;
  /** Pieces that were mounted. */
  mounted: number;
  /** Pieces that were there. */
  existed: number;
  /** Bytes that were moved. */
  bytes: number;
}

/** What a copy tells, while it runs and afterwards. */
export interface CopyReport extends CopyCounts {
  /** The digests of what a hook left out. */
  readonly left: Set<string>;
  /** The digests of what has been counted: a copy that begins anew finds it there. */
  readonly counted: Set<string>;
}

/** What a graph is copied between, and how. */
export interface GraphCopyOptions extends CopyGraphOptions {
  /** Where it is. */
  readonly source: ReadableStore;
  /** Where it goes. */
  readonly target: WritableStore;
  /** What is counted. */
  readonly counts: CopyReport;
  /** What the target is known to be. */
  readonly newness: { readonly manifests: Newness; readonly blobs: Newness };
}
