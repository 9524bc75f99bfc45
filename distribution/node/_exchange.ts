import type * as http from "node:http";
import type { Socket } from "node:net";
import { toConnectionError } from "../_connection_failure.ts";
import type { TransportRequest } from "../transport.ts";
import {
  blameProxy,
  CONNECT_TIMEOUT,
  connectTimedOut,
  proxyRefused,
} from "./_options.ts";
import { type ReceivedResponse, toResponse } from "./_response.ts";
import { endWith, Upload } from "./_upload.ts";

/** How an exchange is gone about. */
export interface ExchangeOptions {
  /** How long the connection may take to come about, in milliseconds. */
  readonly connectTimeout: number | undefined;
  /** The proxy on the way. */
  readonly proxy: URL | undefined;
  /** Whether the connection is one of TLS. */
  readonly isSecure: boolean;
}

/** A request under way by `node:http` or `node:https`, from its sending to the end of its answer. */
export class Exchange {
  readonly #request: TransportRequest;
  readonly #outgoing: http.ClientRequest;
  readonly #proxy: URL | undefined;
  readonly #isSecure: boolean;
  readonly #answer = Promise.withResolvers<Response>();
  readonly #connecting: ReturnType<typeof setTimeout>;
  readonly #upload: Upload | undefined;
  #isUploaded: boolean;
  #received: ReceivedResponse | undefined;
  #isOver = false;

  /** Takes a request that was opened, and sends its body. */
  constructor(
    request: TransportRequest,
    outgoing: http.ClientRequest,
    { connectTimeout = CONNECT_TIMEOUT, isSecure, proxy }: ExchangeOptions,
  ) {
    this.#request = request;
    this.#outgoing = outgoing;
    this.#proxy = proxy;
    this.#isSecure = isSecure;
    const { body, onSent, signal } = request;
    this.#connecting = setTimeout(
      () => this.#fail(connectTimedOut(request, connectTimeout)),
      Math.min(connectTimeout, 2 ** 31 - 1),
    );
    signal?.addEventListener("abort", this.#onAbort, { once: true });
    outgoing.on("error", (error) => this.#onError(error));
    outgoing.on("close", () => this.#onClose());
    outgoing.on("socket", (socket) => this.#onSocket(socket));
    outgoing.on("response", (message) => this.#onResponse(message));
    if (body === undefined || body instanceof Uint8Array) {
      this.#upload = undefined;
      this.#isUploaded = true;
      endWith(outgoing, body, onSent);
    } else {
      this.#upload = new Upload(outgoing, body, onSent);
      this.#isUploaded = false;
      this.#upload.run().then(
        (complete) => void (this.#isUploaded = complete),
        (error) => {
          if (this.#isAwaited) this.#fail(error);
        },
      );
    }
  }

  /** The head of the answer, whose body is still to be read. */
  get response(): Promise<Response> {
    return this.#answer.promise;
  }

  /** Whether neither an answer nor an end has come. */
  get #isAwaited(): boolean {
    return this.#received === undefined && !this.#isOver;
  }

  readonly #onAbort = (): void => this.#fail(this.#request.signal?.reason);

  #onError(error: Error): void {
    // Once there is an answer, its body tells of a broken connection.
    if (!this.#isAwaited) return;
    const failure = toConnectionError(error, this.#request);
    this.#fail(blameProxy(failure, this.#request, this.#proxy));
  }

  #onClose(): void {
    if (!this.#isAwaited) return;
    const closed = Object.assign(new Error("closed"), { code: "ECONNRESET" });
    this.#fail(toConnectionError(closed, this.#request));
  }

  #onSocket(socket: Socket): void {
    const outgoing = this.#outgoing;
    if (outgoing.reusedSocket) this.#onConnected();
    else {
      const event = this.#isSecure ? "secureConnect" : "connect";
      socket.once(event, () => this.#onConnected());
    }
    // Deno takes the mark of a kept-alive socket as leave to send the request
    // once more by itself when that socket is dead. We retry, not the runtime.
    outgoing.reusedSocket = false;
  }

  #onConnected(): void {
    clearTimeout(this.#connecting);
  }

  #onResponse(message: http.IncomingMessage): void {
    this.#onConnected();
    if (this.#isOver) {
      message.destroy();
      return;
    }
    this.#upload?.stop();
    const request = this.#request;
    if (message.statusCode === 407 && this.#proxy !== undefined) {
      return this.#fail(proxyRefused(request, this.#proxy, 407));
    }
    try {
      this.#received = toResponse(message, request.method, {
        mapError: (error) => toConnectionError(error, request),
        end: () => this.#finish(),
      });
      this.#answer.resolve(this.#received.response);
    } catch (error) {
      this.#fail(toConnectionError(error, request));
    }
  }

  #fail(error: unknown): void {
    this.#onConnected();
    this.#upload?.stop();
    if (this.#received !== undefined) this.#received.fail(error);
    else this.#answer.reject(error);
    this.#outgoing.destroy();
    this.#finish();
  }

  #finish(): void {
    this.#onConnected();
    if (this.#isOver) return;
    this.#isOver = true;
    this.#request.signal?.removeEventListener("abort", this.#onAbort);
    // The server did not wait for the rest, so the connection cannot be used again.
    if (!this.#isUploaded || !this.#outgoing.writableFinished) {
      this.#outgoing.destroy();
    }
  }
}
