import type { IncomingMessage } from "node:http";
import type { Buffer } from "node:buffer";
import { isBodyless } from "../_body_stream.ts";

/** A body of at most this many bytes is read to its end when it is cancelled, which saves the connection. */
const DRAIN_LIMIT = 64 * 1024;

/** What {@linkcode toResponse} tells, and asks, the exchange that it belongs to. */
export interface ResponseHooks {
  /** Makes the consumer's error of a body's failure. */
  mapError(error: unknown): unknown;
  /** The body has come to its end, has failed, or is not wanted. */
  end(): void;
}

/** A web response whose body is pulled from the socket, and the function that fails that body. */
export interface ReceivedResponse {
  /** The response. */
  readonly response: Response;
  /** Fails the body, unless it has ended. */
  readonly fail: (reason: unknown) => void;
}

/** Makes a web response of one of node:http. */
export function toResponse(
  message: IncomingMessage,
  method: string,
  hooks: ResponseHooks,
): ReceivedResponse {
  const status = message.statusCode ?? 0;
  const init = {
    status,
    statusText: message.statusMessage ?? "",
    headers: toHeaders(message.rawHeaders),
  };
  if (isBodyless(method, status)) {
    const response = new Response(null, init);
    message.on("error", () => {});
    message.once("end", () => hooks.end());
    message.once("close", () => hooks.end());
    message.resume();
    return { response, fail: () => {} };
  }
  const body = new MessageBody(message, hooks);
  return {
    response: new Response(body.stream, init),
    fail: (reason) => body.fail(reason),
  };
}

/** Repeated headers are joined by `, `; `set-cookie` keeps its lines apart. */
function toHeaders(raw: readonly string[]): Headers {
  const headers = new Headers();
  for (let i = 0; i + 1 < raw.length; i += 2) {
    headers.append(raw[i]!, raw[i + 1]!);
  }
  return headers;
}

/** A message's body as a byte stream that reads from the socket only when it is pulled. */
class MessageBody {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #message: IncomingMessage;
  readonly #hooks: ResponseHooks;
  #controller!: ReadableByteStreamController;
  #wake: (() => void) | undefined;
  #rest: Uint8Array<ArrayBuffer> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #closed = false;

  constructor(message: IncomingMessage, hooks: ResponseHooks) {
    this.#message = message;
    this.#hooks = hooks;
    const wake = () => this.#wake?.();
    message.on("readable", wake);
    message.on("end", wake);
    message.on("error", (error) => {
      this.#failure ??= { error };
      wake();
    });
    message.on("close", () => {
      // A body that breaks off may close without an error.
      if (!message.complete) {
        const error = Object.assign(new Error("aborted"), {
          code: "ECONNRESET",
        });
        this.#failure ??= { error };
      }
      wake();
    });
    this.stream = new ReadableStream({
      type: "bytes",
      start: (controller) => void (this.#controller = controller),
      pull: () => this.#pull(),
      cancel: () => this.#cancel(),
    });
  }

  fail(reason: unknown): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#controller.error(reason);
    this.#message.destroy();
    this.#wake?.();
    this.#hooks.end();
  }

  async #pull(): Promise<void> {
    while (!this.#closed) {
      const chunk = this.#rest ?? this.#read();
      if (chunk !== undefined) return this.#deliver(chunk);
      if (this.#message.readableEnded) return this.#finish();
      if (this.#failure !== undefined) {
        this.#closed = true;
        this.#hooks.end();
        throw this.#hooks.mapError(this.#failure.error);
      }
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  #read(): Uint8Array<ArrayBuffer> | undefined {
    const chunk = this.#message.read() as Buffer<ArrayBuffer> | null;
    return chunk ?? undefined;
  }

  /** Fills the consumer's own buffer as far as what has arrived goes, or hands the chunk over. */
  #deliver(chunk: Uint8Array<ArrayBuffer>): void {
    const request = this.#controller.byobRequest;
    if (request === null) {
      this.#rest = undefined;
      // A Buffer may share its memory with others, and enqueue() takes the memory away.
      this.#controller.enqueue(new Uint8Array(chunk));
      return;
    }
    const view = request.view as Uint8Array<ArrayBuffer>;
    let filled = 0;
    let next: Uint8Array<ArrayBuffer> | undefined = chunk;
    while (next !== undefined) {
      const part = next.subarray(0, view.byteLength - filled);
      view.set(part, filled);
      filled += part.byteLength;
      if (filled === view.byteLength) {
        next = part.byteLength < next.byteLength
          ? next.subarray(part.byteLength)
          : undefined;
        break;
      }
      next = this.#read();
    }
    this.#rest = next;
    request.respond(filled);
  }

  #finish(): void {
    this.#closed = true;
    this.#controller.close();
    this.#controller.byobRequest?.respond(0);
    this.#hooks.end();
  }

  #cancel(): void {
    this.#closed = true;
    this.#rest = undefined;
    const length = Number(this.#message.headers["content-length"] ?? NaN);
    if (length <= DRAIN_LIMIT) {
      // While somebody listens for "readable", resume() does nothing.
      this.#message.removeAllListeners("readable");
      this.#message.resume();
    } else {
      this.#message.destroy();
    }
    this.#hooks.end();
  }
}
