/** Waits for the user's Ctrl-C. */
export interface Interrupt {
  /** Ends at the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** Stops waiting. */
  stop(): void;
}

/**
 * Turns Ctrl-C (SIGINT) and SIGTERM into an abort, so that the command can clean
 * up. A second one ends the program at once.
 *
 * @param code The exit code for that.
 */
export function listenForInterrupt(code: number): Interrupt {
  const controller = new AbortController();
  const signals: readonly Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT"]
    : ["SIGINT", "SIGTERM"];
  function onSignal(): void {
    if (controller.signal.aborted) Deno.exit(code);
    controller.abort(new DOMException("Interrupted", "AbortError"));
  }
  for (const signal of signals) Deno.addSignalListener(signal, onSignal);
  return {
    signal: controller.signal,
    stop(): void {
      for (const signal of signals) Deno.removeSignalListener(signal, onSignal);
    },
  };
}
