import type { Algorithm } from "../digest/algorithm.ts";
import type { MediaType } from "../image/media_type.ts";
import type { MountSource } from "./mount_source.ts";
import type { ProgressHook } from "./progress.ts";
import type { SignalOptions } from "./signal_options.ts";

/** How to read a blob. */
export interface GetBlobOptions extends SignalOptions {
  /**
   * The byte to begin at, from 0. A part of a blob can be checked for its size only, and
   * not for its digest.
   *
   * @default {0}
   */
  readonly offset?: number | undefined;
  /**
   * How many bytes to read; fewer come where the blob ends before.
   *
   * @default {all to the end}
   */
  readonly length?: number | undefined;
}

/** How to push a blob. */
export interface PushBlobOptions extends SignalOptions {
  /** Told how far it is. */
  readonly onProgress?: ProgressHook | undefined;
  /** The name to report with progress. */
  readonly name?: string | undefined;
  /**
   * Another repository of the registry that may hold the blob. Where it does, and
   * may be read, nothing is uploaded.
   */
  readonly mount?: MountSource | undefined;
  /**
   * Upload without asking first whether the blob is there, where it is known that it is not.
   *
   * @default {false}
   */
  readonly skipCheck?: boolean | undefined;
  /**
   * Upload with one request, as far as the registry can do that; it gets the
   * content a second time where it can not, which is remembered.
   *
   * @default {false}
   */
  readonly singlePost?: boolean | undefined;
  /**
   * Upload in parts of this many bytes, in place of one body; of more where the
   * registry asks for it.
   *
   * @default {what the client was told, else one body, as far as transport and registry take it}
   */
  readonly chunkSize?: number | undefined;
}

/** How to push a stream. */
export interface PushStreamOptions extends SignalOptions {
  /**
   * The media type for the descriptor.
   *
   * @default {"application/octet-stream"}
   */
  readonly mediaType?: MediaType | undefined;
  /**
   * The algorithm of the digest.
   *
   * @default {"sha256"}
   */
  readonly algorithm?: Algorithm | undefined;
  /**
   * How many bytes are sent, and held in memory, at once; more where the registry
   * asks for it.
   *
   * @default {4_194_304}
   */
  readonly chunkSize?: number | undefined;
  /** Told how many bytes have been handed to the network. */
  readonly onBytes?: ((transferred: number) => void) | undefined;
}
