/** A signal of one's own that ends with another. */
export interface ForwardedAbort {
  /** Ends with the other signal, or before. */
  readonly signal: AbortSignal;
  /** Ends the signal now. */
  now(reason: unknown): void;
  /** Listens no longer to the other signal. */
  stop(): void;
}

/** Makes a signal that ends with another, and can be ended before. */
export function forwardAbort(outer: AbortSignal | undefined): ForwardedAbort {
  const controller = new AbortController();
  const forward = () => controller.abort(outer!.reason);
  if (outer?.aborted) forward();
  else outer?.addEventListener("abort", forward, { once: true });
  return {
    signal: controller.signal,
    now: (reason) => controller.abort(reason),
    stop: () => outer?.removeEventListener("abort", forward),
  };
}
