import { assert, assertFalse } from "@std/assert";
import type {
  Transport,
  TransportRequest,
} from "../../distribution/transport.ts";
import { inspect } from "../_support/inspect.ts";

/** A base transport that records what it is sent. */
export interface Recorder {
  readonly transport: Transport;
  readonly requests: TransportRequest[];
}

/** Makes a base of a function from request and count to response. */
export function recorder(
  handler: (
    request: TransportRequest,
    count: number,
  ) => Response | Promise<Response>,
): Recorder {
  const requests: TransportRequest[] = [];
  return {
    requests,
    transport: async (request) => {
      request.signal?.throwIfAborted();
      requests.push(request);
      return await handler(request, requests.length);
    },
  };
}

/** A request for these layers. */
export function makeRequest(
  url: string,
  init: Partial<Omit<TransportRequest, "url" | "headers">> & {
    headers?: HeadersInit;
  } = {},
): TransportRequest {
  const { headers, ...rest } = init;
  return {
    method: "GET",
    ...rest,
    url: new URL(url),
    headers: new Headers(headers),
  };
}

/** The text of a request's body, opened as a transport does. */
export async function bodyText(request: TransportRequest): Promise<string> {
  const { body } = request;
  if (body === undefined) return "";
  return body instanceof Uint8Array
    ? new TextDecoder().decode(body)
    : await new Response(await body.open()).text();
}

/** Catches what a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("expected a rejection");
}

/** Asserts that no secret is in anything that a value shows, causes included. */
export function assertNoSecret(
  value: unknown,
  secrets: readonly string[],
): void {
  const seen: string[] = [];
  for (let item = value; item !== undefined;) {
    seen.push(JSON.stringify(item) ?? "");
    seen.push(inspect(item));
    if (!(item instanceof Error)) break;
    seen.push(item.message, item.stack ?? "");
    item = item.cause;
  }
  const text = seen.join("\n");
  assert(secrets.length > 0);
  for (const secret of secrets) {
    assertFalse(text.includes(secret), `shows ${secret}: ${text}`);
  }
}
