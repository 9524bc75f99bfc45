import type { Source } from "./source.ts";

/**
 * A request on its way to a registry.
 *
 * It is not a web `Request` because that cannot carry a body that can be opened
 * again.
 */
export interface TransportRequest {
  /** The HTTP method, in capitals. */
  readonly method: string;
  /** Where the request goes. */
  readonly url: URL;
  /**
   * The headers. A transport never changes the object it is given; one that adds
   * a header passes a copy on. `Content-Length` is the base's business.
   */
  readonly headers: Headers;
  /** The body; its exact length always is known. */
  readonly body?: Uint8Array<ArrayBuffer> | Source | undefined;
  /**
   * Told by a base that knows of bytes of the body as the connection took them. A base with a
   * `maxBodySize` does not know.
   */
  readonly onSent?: ((bytes: number) => void) | undefined;
  /** Ends the request, or the reading of its response, with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * The token scopes that the operation needs, such as `repository:library/app:pull,push`.
   * Used by the authorising layer, and by no other.
   */
  readonly scopes?: readonly string[] | undefined;
  /**
   * Whether no credential may be added, nor a client certificate shown, wherever
   * the request goes. Set for what another host pointed to.
   *
   * @default {false}
   */
  readonly anonymous?: boolean | undefined;
  /**
   * Whether the request can be sent twice and does no more than once.
   *
   * @default {what RFC 9110 §9.2.2 says of the method: all but POST and PATCH}
   */
  readonly idempotent?: boolean | undefined;
  /**
   * Whether the response's body may be large. A base whose runtime cannot hold
   * back a fast sender then fetches the body in bounded parts.
   *
   * @default {false}
   */
  readonly large?: boolean | undefined;
  /**
   * Called once, when the server asks for authorization, and before a credential or
   * token is looked for; gives the request to send in this one's place. What it
   * throws ends the request. Used by the authorising layer, and by no other.
   */
  readonly onChallenge?:
    | ((
      request: TransportRequest,
    ) => TransportRequest | Promise<TransportRequest>)
    | undefined;
}

/**
 * Sends a request and gives the response's head, with its body still to be read.
 *
 * This is the one seam between the client and the network. Layers wrap it like
 * onions, `retry(redirect(authorize(base)))`: each takes a transport and gives
 * one, made with {@linkcode wrapTransport} so that what the base says of itself
 * stays readable from outside. A base never follows redirects, never retries,
 * and never decodes a body. A failure to get a response, and a body that breaks
 * off, is a `ConnectionError`; an abort surfaces as the signal's own reason.
 * A body that is not wanted must be read to its end or cancelled.
 */
export interface Transport {
  /** Sends one request. */
  (request: TransportRequest): Promise<Response>;
  /**
   * The largest {@linkcode Source} body, in bytes, that can be sent with its exact
   * length; without a limit where not given. A larger one is refused with a
   * `TypeError` before anything is sent: upload it in parts of at most this size.
   */
  readonly maxBodySize?: number | undefined;
  /**
   * Closes idle connections. Requests under way go on. Calling it is never
   * needed for a process to end, and a closed transport can be used again.
   */
  close?(): void;
}

/**
 * Makes a transport of a function that works through another transport, and
 * carries over `maxBodySize` and `close`.
 *
 * @example A transport that adds a header
 * ```ts
 * import { fromHandler, wrapTransport } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * const base = fromHandler((request) =>
 *   new Response(request.headers.get("x-team"))
 * );
 * const transport = wrapTransport(base, (request) => {
 *   const headers = new Headers(request.headers);
 *   headers.set("x-team", "harbour");
 *   return base({ ...request, headers });
 * });
 * const response = await transport({
 *   method: "GET",
 *   url: new URL("http://registry.example/v2/"),
 *   headers: new Headers(),
 * });
 * assertEquals(await response.text(), "harbour");
 * ```
 */
export function wrapTransport(
  inner: Transport,
  send: (request: TransportRequest) => Promise<Response>,
): Transport {
  return makeTransport(send, {
    maxBodySize: inner.maxBodySize,
    close: inner.close && (() => inner.close?.()),
  });
}

/** What a transport says of itself. */
export interface TransportTraits {
  /** See {@linkcode Transport.maxBodySize}. */
  readonly maxBodySize?: number | undefined;
  /** See {@linkcode Transport.close}. */
  readonly close?: (() => void) | undefined;
}

/**
 * Makes a transport of a function and what it says of itself.
 *
 * @example
 * ```ts
 * import { makeTransport } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * const transport = makeTransport(() => Promise.resolve(new Response("ok")), {
 *   maxBodySize: 1024,
 * });
 * assertEquals(transport.maxBodySize, 1024);
 * ```
 */
export function makeTransport(
  send: (request: TransportRequest) => Promise<Response>,
  traits: TransportTraits = {},
): Transport {
  const transport = (request: TransportRequest) => send(request);
  if (traits.maxBodySize !== undefined) {
    Object.assign(transport, { maxBodySize: traits.maxBodySize });
  }
  if (traits.close !== undefined) {
    Object.assign(transport, { close: traits.close });
  }
  return transport;
}
