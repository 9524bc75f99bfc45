/** How {@linkcode forEachConcurrent} works. */
export interface PoolOptions {
  /** How many run at once; at least 1. */
  readonly limit: number;
  /** Ends the work. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Does work for every item, several at a time, in order of the items.
 *
 * The first failure aborts the others through the signal that they are given; the
 * call fails with it when all have ended, so that nothing goes on behind the
 * caller's back.
 *
 * @throws {RangeError} The limit is not a positive integer.
 */
export async function forEachConcurrent<T>(
  items: readonly T[],
  options: PoolOptions,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { limit, signal } = options;
  checkConcurrency(limit);
  signal?.throwIfAborted();
  const controller = new AbortController();
  const inner = signal === undefined
    ? controller.signal
    : AbortSignal.any([signal, controller.signal]);
  let failure: { readonly error: unknown } | undefined;
  let next = 0;
  async function worker(): Promise<void> {
    while (next < items.length && !inner.aborted) {
      const item = items[next++]!;
      try {
        await work(item, inner);
      } catch (error) {
        failure ??= { error };
        controller.abort(error);
      }
    }
  }
  await Promise.all(
    Array.from({ length: Math.min(limit, items.length) }, worker),
  );
  signal?.throwIfAborted();
  if (failure !== undefined) throw failure.error;
}

/** Refuses a number of things to do at once that is none. */
export function checkConcurrency(limit: number): void {
  if (Number.isSafeInteger(limit) && limit >= 1) return;
  throw new RangeError(
    `Cannot work ${limit} at once: concurrency is a positive integer`,
  );
}
