import { redactUrl } from "../redact.ts";
import type {
  ContentServerEvent,
  ServerEvent,
  ServerEventHook,
} from "./events.ts";

/** Options of {@linkcode webhook}. */
export interface WebhookOptions {
  /** Headers to send beside the content type, such as a secret that the receiver knows. */
  readonly headers?: HeadersInit | undefined;
  /**
   * How long the receiver may take for its answer, in milliseconds.
   *
   * @default {10000}
   */
  readonly timeout?: number | undefined;
  /**
   * How often an event is sent that is not taken.
   *
   * @default {3}
   */
  readonly attempts?: number | undefined;
  /**
   * How many events may wait; more of them are dropped.
   *
   * @default {1000}
   */
  readonly maxWaiting?: number | undefined;
  /** Is told of events that were not delivered. */
  readonly onError?:
    | ((error: Error, event: ContentServerEvent) => void)
    | undefined;
}

/** Sends events to a receiver. Disposing it waits until they are sent. */
export interface Webhook extends AsyncDisposable {
  /** Takes an event, as `onEvent` of a registry; those about content are sent. */
  readonly onEvent: ServerEventHook;
  /** Settles when nothing waits any more. */
  flush(): Promise<void>;
}

/**
 * Makes a hook that sends pushes, pulls, mounts and deletions to a URL: each as a
 * `POST` of JSON, the event's fields and its `time`. They are sent one after the
 * other, and never hold up a request.
 *
 * @throws {TypeError} The URL is malformed.
 *
 * @example Tell another registry's owner
 * ```ts
 * import { createRegistry, webhook } from "@gantry/oci/distribution/server";
 * import { serve } from "@gantry/oci/distribution/server/node";
 * import { assertEquals } from "@std/assert";
 *
 * const received: { type: string }[] = [];
 * await using receiver = await serve({
 *   async fetch(request) {
 *     received.push(await request.json());
 *     return new Response();
 *   },
 * });
 * await using hook = webhook(receiver.url);
 * const registry = createRegistry({ onEvent: hook.onEvent });
 * await registry.fetch(
 *   new Request("http://localhost/v2/app/manifests/v1", {
 *     method: "PUT",
 *     headers: { "content-type": "application/vnd.oci.image.index.v1+json" },
 *     body: '{"schemaVersion":2,"manifests":[]}',
 *   }),
 * );
 * await hook.flush();
 * assertEquals(received.map(({ type }) => type), ["push"]);
 * ```
 */
export function webhook(url: string, options: WebhookOptions = {}): Webhook {
  const {
    timeout = 10_000,
    attempts = 3,
    maxWaiting = 1000,
    onError = () => {},
  } = options;
  // It may hold a secret, and is not shown.
  if (!URL.canParse(url)) {
    throw new TypeError("Cannot make a webhook: its URL is malformed");
  }
  const headers = new Headers(options.headers);
  headers.set("content-type", "application/json");
  let waiting = 0;
  let last: Promise<void> = Promise.resolve();

  async function send(event: ContentServerEvent, body: string): Promise<void> {
    let failure: Error | undefined;
    for (let attempt = 1; attempt <= attempts; attempt++) {
      failure = await post(body);
      if (failure === undefined) return;
    }
    if (failure !== undefined) onError(failure, event);
  }

  async function post(body: string): Promise<Error | undefined> {
    const signal = AbortSignal.timeout(timeout);
    const init = { method: "POST", headers, body, signal };
    try {
      // A receiver that sends elsewhere would be given the headers there too.
      const response = await fetch(url, { ...init, redirect: "manual" });
      await response.body?.cancel();
      return response.ok ? undefined : undelivered(`status ${response.status}`);
    } catch (cause) {
      return undelivered("no answer", cause);
    }
  }

  function undelivered(what: string, cause?: unknown): Error {
    return new Error(
      `Cannot deliver event to ${redactUrl(url)}: ${what}`,
      { cause },
    );
  }

  function onEvent(event: ServerEvent): void {
    if (event.type === "request" || event.type === "error") return;
    if (waiting >= maxWaiting) {
      return onError(undelivered("too many events wait"), event);
    }
    waiting++;
    const body = JSON.stringify({ ...event, time: new Date().toISOString() });
    last = last.then(() => send(event, body)).finally(() => waiting--);
  }

  const flush = () => last;
  return { onEvent, flush, [Symbol.asyncDispose]: flush };
}
