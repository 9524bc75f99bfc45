import { byteReader } from "../../digest/_tap_stream.ts";
import { withBody } from "../_body_stream.ts";
import { ConnectionError, ProtocolError } from "../errors.ts";
import { redactUrl } from "../redact.ts";
import {
  type Transport,
  type TransportRequest,
  wrapTransport,
} from "../transport.ts";

/** The bytes asked for at a time: 8 MiB. */
const WINDOW_SIZE = 8 * 1024 * 1024;

/** How {@linkcode windowed} works. */
export interface WindowedOptions {
  /**
   * The bytes asked for at a time.
   *
   * @default {8 * 1024 * 1024}
   */
  readonly windowSize?: number;
}

/** Where a partial answer belongs. */
interface ContentRange {
  readonly start: number;
  readonly end: number;
  readonly total: number;
}

/**
 * Fetches large bodies in `Range` windows, one after the other, and stitches them
 * into one response.
 *
 * Under Deno a `node:https` response keeps being read while nobody takes its body,
 * so that a slow reader ends with the whole blob in memory. A window bounds that.
 * Where the server does not know ranges, its whole answer is passed on.
 *
 * The parts must be of the same content: a change of total size, `ETag` or
 * `Docker-Content-Digest` in between fails the body.
 */
export function windowed(
  inner: Transport,
  options: WindowedOptions = {},
): Transport {
  const windowSize = options.windowSize ?? WINDOW_SIZE;
  return wrapTransport(inner, async (request) => {
    const wanted = request.large && request.method === "GET"
      ? parseRange(request.headers.get("range"))
      : undefined;
    if (wanted === undefined) return await inner(request);

    const asked = Math.min(wanted.start + windowSize - 1, wanted.end);
    const first = await inner(withRange(request, wanted.start, asked));
    const range = parseContentRange(first);
    const usable = first.status === 206 && range?.start === wanted.start &&
      range.end <= asked;
    if (!usable || first.body === null) {
      // An empty blob has no first byte to ask for, hence 416.
      if (first.status !== 206 && first.status !== 416) return first;
      await first.body?.cancel();
      return await inner(request);
    }
    const end = Math.min(wanted.end, range.total - 1);
    const whole = wanted.given ? undefined : { status: 200, statusText: "OK" };
    const windows = new Windows(inner, request, windowSize, first, range, end);
    const response = withBody(first, windows.stream, whole);
    response.headers.set("content-length", String(end - wanted.start + 1));
    if (wanted.given) {
      response.headers.set(
        "content-range",
        `bytes ${wanted.start}-${end}/${range.total}`,
      );
    } else {
      response.headers.delete("content-range");
    }
    return response;
  });
}

/** The windows of one body, from the first that has arrived on. */
class Windows {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #inner: Transport;
  readonly #request: TransportRequest;
  readonly #windowSize: number;
  readonly #first: Response;
  readonly #total: number;
  readonly #end: number;
  #reader: ReadableStreamBYOBReader;
  #position: number;
  #windowEnd: number;
  /** Whether nobody wants the rest any more. */
  #left = false;

  constructor(
    inner: Transport,
    request: TransportRequest,
    windowSize: number,
    first: Response,
    range: ContentRange,
    end: number,
  ) {
    this.#inner = inner;
    this.#request = request;
    this.#windowSize = windowSize;
    this.#first = first;
    this.#total = range.total;
    this.#end = end;
    this.#position = range.start;
    this.#windowEnd = range.end;
    this.#reader = byteReader(first.body!);
    this.stream = new ReadableStream({
      type: "bytes",
      autoAllocateChunkSize: 64 * 1024,
      pull: (controller) => this.#pull(controller),
      cancel: (reason) => {
        this.#left = true;
        return this.#reader.cancel(reason);
      },
    });
  }

  async #pull(controller: ReadableByteStreamController): Promise<void> {
    const request = controller.byobRequest!;
    let view = request.view as Uint8Array<ArrayBuffer>;
    const { byteLength } = view;
    while (true) {
      const { value, done } = await this.#reader.read(view);
      if (!done) {
        this.#position += value.byteLength;
        if (this.#position > this.#windowEnd + 1) {
          throw this.#broken("the answer is longer than it said");
        }
        request.respondWithNewView(value);
        return;
      }
      if (this.#position <= this.#windowEnd) {
        throw this.#broken("the connection broke off");
      }
      if (this.#position > this.#end) {
        controller.close();
        request.respondWithNewView(value ?? new Uint8Array());
        return;
      }
      // The ended body gives the view's memory back, with nothing in it.
      view = new Uint8Array(value!.buffer, value!.byteOffset, byteLength);
      await this.#next();
    }
  }

  /** Asks for the window that starts where the last one ended. */
  async #next(): Promise<void> {
    const start = this.#position;
    const asked = Math.min(start + this.#windowSize - 1, this.#end);
    const response = await this.#inner(
      withRange(this.#request, start, asked),
    );
    try {
      if (this.#left) throw this.#broken("its reader has gone");
      if (response.status !== 206 || response.body === null) {
        throw this.#broken(
          `the registry answered ${response.status} in the middle of the content`,
        );
      }
      const range = parseContentRange(response);
      if (
        range?.start !== start || range.end > asked ||
        range.total !== this.#total || !this.#isSame(response)
      ) {
        const { url, method } = this.#request;
        throw new ProtocolError(
          "CONTENT_CHANGED",
          `Cannot ${method} ${
            redactUrl(url)
          }: the content changed while it was read`,
        );
      }
      this.#windowEnd = range.end;
      this.#reader = byteReader(response.body);
    } catch (error) {
      await response.body?.cancel().catch(() => {});
      throw error;
    }
  }

  #isSame(response: Response): boolean {
    return ["etag", "docker-content-digest"].every((name) => {
      const before = this.#first.headers.get(name);
      const now = response.headers.get(name);
      return before === null || now === null || before === now;
    });
  }

  #broken(reason: string): ConnectionError {
    const { url, method } = this.#request;
    return new ConnectionError("CONNECTION_RESET", reason, { url, method });
  }
}

function withRange(
  request: TransportRequest,
  start: number,
  end: number,
): TransportRequest {
  const headers = new Headers(request.headers);
  headers.set("range", `bytes=${start}-${end}`);
  return { ...request, headers };
}

/** The one range that a caller wants; undefined for what cannot be cut into windows. */
function parseRange(
  text: string | null,
): { start: number; end: number; given: boolean } | undefined {
  if (text === null) return { start: 0, end: Infinity, given: false };
  const [, start, end] = /^bytes=(\d+)-(\d*)$/.exec(text) ?? [];
  if (start === undefined) return undefined;
  const last = end === "" ? Infinity : Number(end);
  return last < Number(start)
    ? undefined
    : { start: Number(start), end: last, given: true };
}

/** RFC 9110 §14.4. */
function parseContentRange(response: Response): ContentRange | undefined {
  const match = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(
    response.headers.get("content-range")?.trim() ?? "",
  );
  if (match === null) return undefined;
  const [start, end, total] = match.slice(1).map(Number) as [
    number,
    number,
    number,
  ];
  return end < start || end >= total ? undefined : { start, end, total };
}
