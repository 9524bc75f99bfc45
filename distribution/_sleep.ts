/** The longest pause that `setTimeout` keeps. */
const MAX_TIMER = 2 ** 31 - 1;

/** Waits, and rejects with the signal's reason as soon as that is aborted. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, Math.min(ms, MAX_TIMER));
    signal?.addEventListener("abort", abort, { once: true });
  });
}
