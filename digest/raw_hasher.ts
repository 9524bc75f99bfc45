/**
 * The part of a hasher that an algorithm brings along. `node:crypto` and most
 * hash packages have objects that fit after a line or two.
 */
export interface RawHasher {
  /**
   * Takes the next piece, which is the caller's again once the result has settled.
   *
   * Is not called again before that, and not after `digest`.
   */
  update(chunk: Uint8Array): void | Promise<void>;
  /** Ends the content, and gives its digest in lower-case hex. Is called once. */
  digest(): string | Promise<string>;
}
