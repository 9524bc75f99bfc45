/** An operation that can be aborted. */
export interface SignalOptions {
  /** Ends the operation with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}
