import { forwardAbort } from "../_forward_abort.ts";
import type { ConnectionError } from "../errors.ts";

/** How {@linkcode reachableFetch} works. */
export interface ReachableFetchOptions {
  /** How long a connection may take to come about, in milliseconds. */
  readonly connectTimeout: number;
  /** Where a URL's connection leads to. */
  target(url: URL): { readonly host: string; readonly port: number };
  /** Makes the error of a connection that did not come about. */
  timedOut(method: string, url: URL): ConnectionError;
}

/** The longest pause that a timer keeps. */
const MAX_TIMER = 2 ** 31 - 1;

/**
 * The global `fetch`, which does not tell whether it has a connection: where there is no
 * answer after half the time, another connection shows whether there can be one.
 */
export function reachableFetch(options: ReachableFetchOptions): typeof fetch {
  const { connectTimeout, target, timedOut } = options;
  const half = Math.min(connectTimeout / 2, MAX_TIMER);
  return async (input, init) => {
    const url = input as URL;
    const abort = forwardAbort(init?.signal ?? undefined);
    const answered = new AbortController();
    const probe = async () => {
      timer = setTimeout(
        () => abort.now(timedOut(init?.method ?? "GET", url)),
        half,
      );
      const { host, port } = target(url);
      // What else is wrong, such as an unknown host, fetch will tell.
      await connects(host, port, answered.signal).catch(() => {});
      clearTimeout(timer);
    };
    let timer = setTimeout(probe, half);
    try {
      // Once there is an answer, the caller's own signal guards its body.
      return await fetch(url, { ...init, signal: abort.signal });
    } finally {
      clearTimeout(timer);
      abort.stop();
      answered.abort();
    }
  };
}

/** Waits for a connection, and gives it up at once. */
async function connects(
  host: string,
  port: number,
  signal: AbortSignal,
): Promise<void> {
  const { connect } = await import("node:net");
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const socket = connect({ host, port });
    const end = () => {
      signal.removeEventListener("abort", end);
      socket.destroy();
      resolve();
    };
    signal.addEventListener("abort", end, { once: true });
    socket.once("connect", end);
    socket.once("error", end);
  });
}
