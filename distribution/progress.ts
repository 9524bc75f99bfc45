import type { Descriptor } from "../image/descriptor.ts";

/** Where a piece of content is in its move. */
export type ProgressPhase =
  | "preparing"
  | "uploading"
  | "uploaded"
  | "downloading"
  | "downloaded"
  | "processing"
  | "exists"
  | "skipped"
  | "mounted"
  | "restored"
  | "copying"
  | "copied";

/** A step of a long work, for those who draw it. */
export interface ProgressEvent {
  /** What moves. In phase `preparing` its digest is not known yet: `digest` is "". */
  readonly descriptor: Descriptor;
  /** The name that people know it by, such as a layer's title. */
  readonly name?: string | undefined;
  /** Where it is. */
  readonly phase: ProgressPhase;
  /** Bytes moved so far. */
  readonly transferred: number;
  /** Bytes in all. */
  readonly total: number;
}

/** Takes progress events. It is called often, and must be quick. */
export type ProgressHook = (event: ProgressEvent) => void;
