import { ContentError } from "../digest/errors.ts";
import { byobReader, readPiece, tapStream } from "../digest/_tap_stream.ts";
import { withUrl } from "./_response_url.ts";
import { inheritSecrets } from "./_secrets.ts";
import type { Source } from "./source.ts";

const CHUNK = 64 * 1024;

/** The error for a source that does not hold what it promised. */
export function sourceSizeError(expected: number, actual: number): Error {
  return new ContentError(
    "SIZE_MISMATCH",
    `Cannot send content: its source promised ${expected} bytes, and gave ${
      actual > expected ? "more" : `only ${actual}`
    }`,
  );
}

/** Opens a source as a stream that fails unless it has exactly the promised size. */
export async function openExact(
  source: Source,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  let seen = 0;
  return tapStream(await source.open(), {
    chunk({ byteLength }) {
      seen += byteLength;
      if (seen > source.size) throw sourceSizeError(source.size, seen);
    },
    end() {
      if (seen < source.size) throw sourceSizeError(source.size, seen);
    },
  });
}

/** Whether a response to this request has no body by definition. RFC 9110 §6.4.1. */
export function isBodyless(method: string, status: number): boolean {
  return method === "HEAD" || status === 204 || status === 205 ||
    status === 304;
}

/** Who watches a body. */
export interface BodyHooks {
  /** Runs whenever the body is about to be waited for. */
  readonly pulling?: () => void;
  /** Runs when that is over, whatever came of it. */
  readonly pulled?: () => void;
  /** Runs once, when the body has ended, failed, or been cancelled. */
  readonly end?: () => void;
}

/** Those who watch one body. */
class Watchers {
  readonly #all: BodyHooks[] = [];
  #isOver = false;

  add(hooks: BodyHooks): void {
    this.#all.push(hooks);
    if (this.#isOver) hooks.end?.();
  }

  pulling(): void {
    for (const hooks of this.#all) hooks.pulling?.();
  }

  pulled(): void {
    for (const hooks of this.#all) hooks.pulled?.();
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const hooks of this.#all) hooks.end?.();
  }
}

const watched = new WeakMap<ReadableStream, Watchers>();

/**
 * The same body, watched. One that is guarded already gains no layer by that:
 * each layer costs a large download some of its speed.
 */
export function watchBody(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  hooks: BodyHooks,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const watchers = watched.get(body);
  if (watchers === undefined) return guardBody(body, undefined, hooks);
  watchers.add(hooks);
  return body;
}

/**
 * A body that fails with the signal's reason once that aborts, also in the middle
 * of a read.
 *
 * It is a byte stream that reads straight into the consumer's buffer where the
 * body is one too.
 */
export function guardBody(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  signal: AbortSignal | undefined,
  hooks: BodyHooks & {
    /** Makes the error that the consumer sees of the body's own failure. */
    readonly mapError?: (error: unknown) => unknown;
  } = {},
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const byob = byobReader(body);
  const reader = byob ?? body.getReader();
  const watchers = new Watchers();
  watchers.add(hooks);
  let controller: ReadableByteStreamController;
  const onAbort = () => {
    watchers.end();
    controller.error(signal!.reason);
    reader.cancel(signal!.reason).catch(() => {});
  };
  const finish = () => {
    signal?.removeEventListener("abort", onAbort);
    watchers.end();
  };

  const guarded: ReadableStream<Uint8Array<ArrayBuffer>> = new ReadableStream({
    type: "bytes",
    ...(byob ? { autoAllocateChunkSize: CHUNK } : {}),
    start(c) {
      controller = c;
      if (signal?.aborted) onAbort();
      else signal?.addEventListener("abort", onAbort, { once: true });
    },
    async pull() {
      const request = controller.byobRequest;
      watchers.pulling();
      try {
        if (byob) {
          const { value, done } = await byob.read(
            request!.view as Uint8Array<ArrayBuffer>,
          );
          if (signal?.aborted) return;
          if (done) {
            finish();
            controller.close();
          }
          request!.respondWithNewView(value ?? new Uint8Array());
          return;
        }
        const piece = await readPiece(reader as ReadableStreamDefaultReader);
        if (signal?.aborted) return;
        // A copy, because enqueueing takes the memory away from whoever made it.
        if (piece !== undefined) return controller.enqueue(piece.slice());
        finish();
        controller.close();
        request?.respond(0);
      } catch (error) {
        if (signal?.aborted) return;
        finish();
        throw hooks.mapError === undefined ? error : hooks.mapError(error);
      } finally {
        watchers.pulled();
      }
    },
    cancel(reason) {
      finish();
      return reader.cancel(reason);
    },
  });
  watched.set(guarded, watchers);
  return guarded;
}

/** The same response with another body, and perhaps another status. */
export function withBody(
  response: Response,
  body: ReadableStream<Uint8Array<ArrayBuffer>> | null,
  init: ResponseInit = {},
): Response {
  const { status, statusText, headers } = response;
  const made = new Response(body, { status, statusText, headers, ...init });
  inheritSecrets(made, response);
  return response.url === "" ? made : withUrl(made, response);
}
