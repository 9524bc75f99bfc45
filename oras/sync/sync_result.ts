/** What became of one tag, or of an entry whose tags could not be listed. */
export interface SyncResult {
  /** Where it comes from. */
  readonly source: string;
  /** Where it goes. */
  readonly target: string;
  /**
   * What was done: `would copy` where nothing is to be changed, and `kept` where a tag
   * of the target points at something else, and only missing ones are copied.
   */
  readonly outcome: "copied" | "unchanged" | "kept" | "would copy" | "failed";
  /** The digest in the source, of the platform's image where one is chosen; undefined where that is not known. */
  readonly digest: string | undefined;
  /** What went wrong. */
  readonly error: unknown;
}
