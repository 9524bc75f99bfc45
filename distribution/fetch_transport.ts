import {
  guardBody,
  isBodyless,
  openExact,
  sourceSizeError,
  withBody,
} from "./_body_stream.ts";
import { toConnectionError } from "./_connection_failure.ts";
import { readAll } from "./_read_all.ts";
import {
  makeTransport,
  type Transport,
  type TransportRequest,
} from "./transport.ts";

/** The largest source that is read into memory to be sent by `fetch`: 4 MiB. */
const MAX_BODY_SIZE = 4 * 1024 * 1024;

/** How {@linkcode fetchTransport} works. */
export interface FetchTransportOptions {
  /**
   * What to call in place of the global function.
   *
   * @default {globalThis.fetch}
   */
  readonly fetch?: typeof fetch | undefined;
  /** Passed on as `client` of the request, such as a `Deno.HttpClient`. */
  readonly client?: unknown;
}

/**
 * A base transport that runs wherever `fetch` does.
 *
 * `fetch` sends a stream with chunked encoding, which several large registries
 * refuse. A source of up to 4 MiB is therefore read into memory, so that its
 * length stands on the wire; a larger one is refused, and `maxBodySize` tells
 * that in advance. Bodies are asked for unencoded (`accept-encoding: identity`).
 *
 * Where a kept-alive connection turns out to be dead, some runtimes, Deno among
 * them, send a request once more by themselves, one with a body too; `denoTransport`
 * and `nodeTransport` send what has effects once.
 *
 * In a browser redirects cannot be seen. There the browser follows them itself,
 * and only headers that are no secret go along.
 *
 * @example
 * ```ts
 * import { fetchTransport } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * const transport = fetchTransport({
 *   fetch: () => Promise.resolve(new Response("hello")),
 * });
 * const response = await transport({
 *   method: "GET",
 *   url: new URL("https://registry.example/v2/"),
 *   headers: new Headers(),
 * });
 * assertEquals(await response.text(), "hello");
 * assertEquals(transport.maxBodySize, 4 * 1024 * 1024);
 * ```
 */
export function fetchTransport(
  options: FetchTransportOptions = {},
): Transport {
  return makeTransport((request) => send(request, options), {
    maxBodySize: MAX_BODY_SIZE,
  });
}

async function send(
  request: TransportRequest,
  options: FetchTransportOptions,
): Promise<Response> {
  const { method, url, signal } = request;
  signal?.throwIfAborted();
  const headers = new Headers(request.headers);
  if (!headers.has("accept-encoding")) {
    headers.set("accept-encoding", "identity");
  }
  const body = await toBytes(request);
  const init: RequestInit & { client?: unknown } = {
    method,
    headers,
    redirect: "manual",
    body,
  };
  if (signal !== undefined) init.signal = signal;
  if (options.client !== undefined) init.client = options.client;
  const call = options.fetch ?? globalThis.fetch;
  const fail = (error: unknown): never => {
    signal?.throwIfAborted();
    throw toConnectionError(error, request);
  };
  let response = await call(url, init).catch(fail);
  if (response.type === "opaqueredirect") {
    const followed: RequestInit = {
      ...init,
      redirect: "follow",
      headers: withoutSecrets(headers),
    };
    response = await call(url, followed).catch(fail);
  }
  const { status } = response;
  // Servers can send these, but nobody can make a response of them.
  if (status < 200 || status > 599) {
    response.body?.cancel().catch(() => {});
    return fail(new RangeError(`the answer has the status ${status}`));
  }
  return receive(response, request);
}

/** What a response's body is read through, so that its failures have our words. */
function receive(response: Response, request: TransportRequest): Response {
  const { method, signal } = request;
  if (response.body === null) return response;
  if (isBodyless(method, response.status)) {
    response.body.cancel().catch(() => {});
    return withBody(response, null);
  }
  const guarded = withBody(
    response,
    guardBody(response.body, signal, {
      mapError: (error) => toConnectionError(error, request),
    }),
  );
  // All but Deno decode what the server encoded unasked; then these no longer hold.
  if (!("Deno" in globalThis) && response.headers.has("content-encoding")) {
    guarded.headers.delete("content-encoding");
    guarded.headers.delete("content-length");
  }
  return guarded;
}

/** The body as bytes, whose length `fetch` announces by itself. */
async function toBytes(
  { method, body, signal }: TransportRequest,
): Promise<Uint8Array<ArrayBuffer> | null> {
  if (body === undefined) {
    return method === "GET" || method === "HEAD" ? null : new Uint8Array();
  }
  if (body instanceof Uint8Array) return body;
  if (body.size > MAX_BODY_SIZE) {
    throw new TypeError(
      `Cannot send a body of ${body.size} bytes by fetch: the most is ${MAX_BODY_SIZE}, upload it in parts`,
    );
  }
  const stream = guardBody(await openExact(body), signal);
  return await readAll(
    stream,
    body.size,
    () => sourceSizeError(body.size, Infinity),
  );
}

/** `authorization` may stay: browsers take it off themselves where the origin changes. */
function withoutSecrets(headers: Headers): Headers {
  const safe = new Headers();
  for (const [name, value] of headers) {
    const known = /^(accept|accept-encoding|content-type|content-range|range)$/;
    if (name === "authorization" || known.test(name)) {
      safe.append(name, value);
    }
  }
  return safe;
}
