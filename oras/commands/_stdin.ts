/**
 * Waits for what does not end by itself where the signal does: to read a terminal or
 * a pipe, or to open a pipe, takes until somebody writes. What comes late is let go.
 */
export async function untilAborted<T>(
  work: () => Promise<T>,
  signal: AbortSignal,
  late?: (value: T) => void,
): Promise<T> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  const working = work();
  try {
    return await Promise.race([working, promise]);
  } catch (error) {
    working.then(late, () => {});
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/**
 * Reads from stdin what there is; gives how much, or null at the end. Ends with the
 * signal, which the runtime's own read does not: on a terminal it would wait for
 * whatever is typed next.
 */
export async function readStdin(
  buffer: Uint8Array,
  signal: AbortSignal,
): Promise<number | null> {
  try {
    return await untilAborted(() => Deno.stdin.read(buffer), signal);
  } catch (cause) {
    signal.throwIfAborted();
    const seen = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`Cannot read stdin: ${seen}`, { cause });
  }
}
