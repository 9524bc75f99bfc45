import { tapStream } from "../digest/_tap_stream.ts";
import { watchBody, withBody } from "./_body_stream.ts";
import { redactHeaders } from "./_redact_headers.ts";
import { Secrets } from "./_secrets.ts";
import { redactUrl } from "./redact.ts";
import {
  type Transport,
  type TransportRequest,
  wrapTransport,
} from "./transport.ts";

/** A request that is about to be sent. */
export interface RequestTrace {
  /** The kind of event. */
  readonly type: "request";
  /** The number of the request, from 0; what follows it has the same. */
  readonly id: number;
  /** The method. */
  readonly method: string;
  /** The URL, redacted. */
  readonly url: string;
  /** The headers, redacted; names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The size of the body in bytes, where there is one. */
  readonly size?: number;
}

/** The head of an answer. */
export interface ResponseTrace {
  /** The kind of event. */
  readonly type: "response";
  /** The number of its request. */
  readonly id: number;
  /** The status. */
  readonly status: number;
  /** The words beside the status; often empty. */
  readonly statusText: string;
  /** The headers, redacted; names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Milliseconds since the request. */
  readonly elapsed: number;
}

/** The end of an answer: its body was read, let go, or broke off. */
export interface EndTrace {
  /** The kind of event. */
  readonly type: "end";
  /** The number of its request. */
  readonly id: number;
  /** The bytes of the body that were read. */
  readonly received: number;
  /** Milliseconds since the request. */
  readonly elapsed: number;
}

/** A request that got no answer. */
export interface FailureTrace {
  /** The kind of event. */
  readonly type: "failure";
  /** The number of the request. */
  readonly id: number;
  /** Why, without secrets. */
  readonly reason: string;
  /** Milliseconds since the request. */
  readonly elapsed: number;
}

/** What {@linkcode trace} tells. */
export type TraceEvent =
  | RequestTrace
  | ResponseTrace
  | EndTrace
  | FailureTrace;

/** Takes the events of a trace. It must be quick, and must not throw. */
export type TraceHook = (event: TraceEvent) => void;

/** How {@linkcode trace} works. */
export interface TraceOptions {
  /** Names of headers, in any case, that are secret beside those that are by their nature. */
  readonly secretHeaders?: Iterable<string> | undefined;
  /**
   * Gives the time in milliseconds.
   *
   * @default {performance.now}
   */
  readonly clock?: (() => number) | undefined;
}

/**
 * Tells of every request and its answer. Wrapped around a base it sees all that
 * goes over the wire: redirects, repetitions and token requests are requests of
 * their own there, and a client's `onEvent` tells what made them.
 *
 * No event holds a secret: user information and query values are taken out of URLs,
 * also out of those in other headers, secret headers have no value, what an answer
 * quotes of an earlier request's secrets is replaced, and bodies are not shown.
 *
 * @example
 * ```ts
 * import { fromHandler, trace, type TraceEvent } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * const events: TraceEvent[] = [];
 * const base = fromHandler((request) =>
 *   new Response(`you said ${request.headers.get("authorization")}`)
 * );
 * const transport = trace(base, (event) => void events.push(event));
 * const response = await transport({
 *   method: "GET",
 *   url: new URL("https://registry.example/v2/?signature=abc"),
 *   headers: new Headers({ authorization: "Bearer secret" }),
 * });
 * await response.text();
 *
 * assertEquals(events.map(({ type }) => type), ["request", "response", "end"]);
 * const [first] = events;
 * if (first?.type === "request") {
 *   assertEquals(first.url, "https://registry.example/v2/?signature=*****");
 *   assertEquals(first.headers, [["authorization", "*****"]]);
 * }
 * ```
 */
export function trace(
  transport: Transport,
  hook: TraceHook,
  options: TraceOptions = {},
): Transport {
  const { clock = () => performance.now() } = options;
  const secretNames = new Set(
    Array.from(options.secretHeaders ?? [], (name) => name.toLowerCase()),
  );
  const secrets = new Secrets();
  const shown = (headers: Headers) =>
    redactHeaders(headers, secrets, secretNames);
  let count = 0;
  return wrapTransport(transport, async (request) => {
    const id = count++;
    const start = clock();
    secrets.noteHeaders(request.headers, secretNames);
    const { method, url, headers } = request;
    hook({
      type: "request",
      id,
      method,
      url: secrets.scrub(redactUrl(url)),
      headers: shown(headers),
      ...sizeOf(request),
    });
    let response: Response;
    try {
      response = await transport(request);
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      const reason = secrets.scrub(words);
      hook({ type: "failure", id, reason, elapsed: clock() - start });
      throw error;
    }
    hook({
      type: "response",
      id,
      status: response.status,
      statusText: secrets.scrub(response.statusText),
      headers: shown(response.headers),
      elapsed: clock() - start,
    });
    let received = 0;
    const end = () =>
      hook({ type: "end", id, received, elapsed: clock() - start });
    if (response.body === null) {
      end();
      return response;
    }
    const counted = tapStream(response.body, {
      chunk: ({ byteLength }) => void (received += byteLength),
    });
    return withBody(response, watchBody(counted, { end }));
  });
}

function sizeOf({ body }: TransportRequest): { size?: number } {
  if (body === undefined) return {};
  return { size: body instanceof Uint8Array ? body.byteLength : body.size };
}
