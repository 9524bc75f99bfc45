import type { RequestContext } from "../outside.ts";
import { serveWithDeno } from "./_serve_deno.ts";
import { serveWithNode } from "./_serve_node.ts";

/** Options of {@linkcode serve}. */
export interface ServeOptions {
  /**
   * The address to listen on.
   *
   * @default {"127.0.0.1"}
   */
  readonly hostname?: string | undefined;
  /**
   * The port to listen on; 0 takes a free one.
   *
   * @default {0}
   */
  readonly port?: number | undefined;
  /** The certificate chain and the private key, both PEM. Without them plain HTTP is spoken. */
  readonly tls?: { readonly cert: string | undefined; readonly key: string };
  /**
   * How long a client may take to send the head of a request, in milliseconds; 0 for
   * as long as it likes. Only Node can limit it: `Deno.serve` waits without end, so
   * that where strangers come a proxy in front has to.
   *
   * @default {60000}
   */
  readonly headTimeout?: number | undefined;
  /** Shuts the server down as {@linkcode RunningServer.shutdown} does. */
  readonly signal?: AbortSignal | undefined;
}

/** A server that accepts connections. */
export interface RunningServer extends AsyncDisposable {
  /** The address to reach it at, such as `http://127.0.0.1:5000`. */
  readonly url: string;
  /** The port that it listens on. */
  readonly port: number;
  /** Settles once the server has stopped. */
  readonly finished: Promise<void>;
  /** Accepts no more connections, lets the running requests finish, and stops. */
  shutdown(): Promise<void>;
}

/** What can be served: a registry, or anything else that answers web requests. */
export interface FetchHandler {
  /** Answers a request; the second argument tells where it comes from. */
  readonly fetch: (
    request: Request,
    context?: RequestContext,
  ) => Response | Promise<Response>;
}

/** How one runtime listens. */
export type Listen = (
  handler: FetchHandler,
  options: {
    readonly hostname: string;
    readonly port: number;
    readonly tls: ServeOptions["tls"];
    readonly headTimeout: number;
  },
) => Promise<Omit<RunningServer, "url" | typeof Symbol.asyncDispose>>;

/**
 * Serves a registry over HTTP or HTTPS, and resolves once it accepts connections.
 *
 * In Deno this is `Deno.serve`, elsewhere `node:http` or `node:https`.
 *
 * @throws {RangeError} `headTimeout` is no number of milliseconds.
 * @throws {Error} The address cannot be listened on.
 *
 * @example Serve until the end of the block
 * ```ts
 * import { createRegistry } from "@gantry/oci/distribution/server";
 * import { serve } from "@gantry/oci/distribution/server/node";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await serve(createRegistry());
 * const answer = await fetch(`${server.url}/v2/`);
 * assertEquals(await answer.json(), {});
 * ```
 */
export async function serve(
  handler: FetchHandler,
  options: ServeOptions = {},
): Promise<RunningServer> {
  const { hostname = "127.0.0.1", port = 0, tls, signal } = options;
  const { headTimeout = 60_000 } = options;
  if (!Number.isSafeInteger(headTimeout) || headTimeout < 0) {
    throw new RangeError(
      `Cannot serve: expected headTimeout to be milliseconds, got ${headTimeout}`,
    );
  }
  signal?.throwIfAborted();
  const listen: Listen = "Deno" in globalThis ? serveWithDeno : serveWithNode;
  const server = await listen(handler, {
    hostname,
    port,
    tls,
    headTimeout,
  });
  const shutdown = () => server.shutdown();
  if (signal?.aborted) await shutdown();
  signal?.addEventListener("abort", shutdown, { once: true });
  const finished = server.finished.finally(() =>
    signal?.removeEventListener("abort", shutdown)
  );
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  return {
    url: `${tls === undefined ? "http" : "https"}://${host}:${server.port}`,
    port: server.port,
    finished,
    shutdown,
    [Symbol.asyncDispose]: shutdown,
  };
}
