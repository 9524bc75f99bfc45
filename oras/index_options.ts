import type { SignalOptions } from "../distribution/signal_options.ts";
import type { Annotations } from "../image/annotations.ts";

/** A step in the making of an index: what was done, with which manifest. */
export interface IndexStep {
  /** What is done or was done. */
  readonly step: "fetching" | "fetched" | "added" | "merged" | "removed";
  /** The tag or digest as it was given. */
  readonly reference: string;
  /** The manifest; undefined while it is being fetched. */
  readonly digest: string | undefined;
}

/** What an index is made of besides its manifests. */
export interface CreateIndexOptions extends SignalOptions {
  /** Its tags. */
  readonly tags?: readonly string[] | undefined;
  /** The type of artifact that it is. */
  readonly artifactType?: string | undefined;
  /** Its annotations. */
  readonly annotations?: Annotations | undefined;
  /**
   * Store it; otherwise it is only made.
   *
   * @default {true}
   */
  readonly push?: boolean | undefined;
  /** Told of each step. */
  readonly onStep?: ((step: IndexStep) => void) | undefined;
}

/** How an index is changed: first what is removed, then what is added, then what is merged. */
export interface UpdateIndexOptions extends SignalOptions {
  /** The digests of manifests to take out. */
  readonly remove?: readonly string[] | undefined;
  /** Tags or digests of manifests to put in. */
  readonly add?: readonly string[] | undefined;
  /** Tags or digests of indexes whose manifests to put in. */
  readonly merge?: readonly string[] | undefined;
  /** Further tags for the result. */
  readonly tags?: readonly string[] | undefined;
  /** The type of artifact that it is from now on; none with an empty text. */
  readonly artifactType?: string | undefined;
  /**
   * Store it; otherwise it is only made.
   *
   * @default {true}
   */
  readonly push?: boolean | undefined;
  /** Told of each step. */
  readonly onStep?: ((step: IndexStep) => void) | undefined;
}
