import { guardBody, isBodyless, openExact, withBody } from "./_body_stream.ts";
import type { Transport, TransportRequest } from "./transport.ts";

/** Answers web requests, as an in-process registry does. */
export type RequestHandler = (
  request: Request,
) => Response | Promise<Response>;

/**
 * Makes a base transport of a function that answers web requests, so that client
 * and registry meet in one process with no port between them.
 *
 * What the handler throws is thrown to the caller. The request's body arrives as
 * a stream with its `Content-Length` in the headers.
 *
 * @example Talk to an in-process registry
 * ```ts
 * import { fromHandler } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * const transport = fromHandler((request) =>
 *   Response.json({ path: new URL(request.url).pathname })
 * );
 * const response = await transport({
 *   method: "GET",
 *   url: new URL("http://registry.example/v2/"),
 *   headers: new Headers(),
 * });
 * assertEquals(await response.json(), { path: "/v2/" });
 * ```
 */
export function fromHandler(handler: RequestHandler): Transport {
  return (request) => handle(handler, request);
}

async function handle(
  handler: RequestHandler,
  request: TransportRequest,
): Promise<Response> {
  const { method, signal } = request;
  signal?.throwIfAborted();
  const upload = await openUpload(request);
  let response: Response;
  try {
    response = await untilAbort(
      (async () => await handler(toWebRequest(request, upload.body)))(),
      signal,
    );
  } catch (error) {
    await upload.close();
    throw upload.failure ?? error;
  }
  // A handler may answer a broken upload; what broke it says more.
  if (upload.failure !== undefined) {
    await response.body?.cancel().catch(() => {});
    throw upload.failure;
  }
  if (response.body === null || isBodyless(method, response.status)) {
    await response.body?.cancel().catch(() => {});
    await upload.close();
    return response.body === null ? response : withBody(response, null);
  }
  // Until its own body has ended, a handler may still read the request's.
  return withBody(
    response,
    guardBody(response.body, signal, { end: upload.close }),
  );
}

interface Upload {
  readonly body: BodyInit | null;
  /** What went wrong with the source. */
  readonly failure: unknown;
  /** Lets go of a source that was not read to its end. */
  close(): Promise<void>;
}

async function openUpload(
  { body, signal }: TransportRequest,
): Promise<Upload> {
  if (body === undefined || body instanceof Uint8Array) {
    return {
      body: body ?? null,
      failure: undefined,
      close: () => Promise.resolve(),
    };
  }
  let failure: unknown;
  const opened = await openExact(body);
  const stream = guardBody(opened, signal, {
    mapError: (error) => failure = error,
  });
  return {
    body: stream,
    get failure() {
      return failure;
    },
    close: async () => {
      if (!stream.locked) await stream.cancel().catch(() => {});
    },
  };
}

function toWebRequest(
  { method, url, headers: given, body, signal }: TransportRequest,
  init: BodyInit | null,
): Request {
  const headers = new Headers(given);
  const size = body === undefined
    ? 0
    : body instanceof Uint8Array
    ? body.byteLength
    : body.size;
  if (init !== null || (method !== "GET" && method !== "HEAD")) {
    headers.set("content-length", String(size));
  }
  return new Request(url, {
    method,
    headers,
    body: init,
    ...(signal === undefined ? {} : { signal }),
    // Needed by the standard for a stream; Deno's types do not know it.
    ...(init instanceof ReadableStream ? { duplex: "half" } : {}),
  });
}

/** Waits for a response, or for the abort; a response that comes after it is let go. */
function untilAbort(
  response: Promise<Response>,
  signal: AbortSignal | undefined,
): Promise<Response> {
  if (signal === undefined) return response;
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      reject(signal.reason);
      response.then((late) => late.body?.cancel()).catch(() => {});
    };
    // The handler has run up to its first wait, and may have brought it about.
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    response.then(resolve, reject).finally(() =>
      signal.removeEventListener("abort", onAbort)
    );
  });
}
