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
  /** Ends the request, or the reading of its response, with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * The token scopes that the operation needs, such as `repository:library/app:pull,push`.
   * Used by the authorising layer, and by no other.
   */
  readonly scopes?: readonly string[] | undefined;
  /**
   * Whether the response's body may be large. A base whose runtime cannot hold
   * back a fast sender then fetches the body in bounded parts.
   *
   * @default {false}
   */
  readonly large?: boolean | undefined;
}

/**
 * Sends a request and gives the response's head, with its body still to be read.
 *
 * This is the one seam between the client and the network. Layers wrap it like
 * onions, `retry(redirect(authorize(base)))`: each takes a transport and gives
 * one. A base never follows redirects, never retries, and never decodes a body.
 * A failure to get a response is thrown as a `ConnectionError`; an abort as the
 * signal's own reason.
 */
export type Transport = (request: TransportRequest) => Promise<Response>;
