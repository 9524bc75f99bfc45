/**
 * Reads from stdin what there is; gives how much, or null at the end. Ends with the
 * signal, which the runtime's own read does not: on a terminal it would wait for
 * whatever is typed next.
 */
export async function readStdin(
  buffer: Uint8Array,
  signal: AbortSignal,
): Promise<number | null> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([Deno.stdin.read(buffer), promise]);
  } catch (cause) {
    signal.throwIfAborted();
    const seen = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`Cannot read stdin: ${seen}`, { cause });
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
