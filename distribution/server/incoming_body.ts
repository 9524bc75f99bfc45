import { tapStream } from "../../digest/_tap_stream.ts";
import { guardBody } from "../_body_stream.ts";
import { readAll } from "../_read_all.ts";
import { RequestError } from "./request_error.ts";

/** A request's body breaks one of its own promises about its length. */
export function sizeInvalid(message: string): RequestError {
  return new RequestError(400, "SIZE_INVALID", message);
}

/**
 * The length that a request's headers announce, or undefined.
 *
 * @throws {RequestError} 400 `SIZE_INVALID`: the header is no number.
 */
export function announcedLength(headers: Headers): number | undefined {
  const text = headers.get("content-length");
  if (text === null) return undefined;
  if (!/^\d{1,15}$/.test(text)) {
    throw sizeInvalid("The header Content-Length is no length");
  }
  return Number(text);
}

/** What is demanded of a request's body. */
export interface BodyRules {
  /** The length that was announced, if any was. */
  readonly expected: number | undefined;
  /** How long it may stand still, in milliseconds. */
  readonly timeout: number;
  /** Ends it early, with its reason. */
  readonly signal?: AbortSignal;
}

/**
 * A request's body, passed through `see`, which fails as soon as it is longer than
 * expected, at an end that comes too early, or when nothing comes any more.
 */
export function incomingBody(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  { expected, timeout, signal }: BodyRules,
  see: (chunk: Uint8Array) => void | Promise<void>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let seen = 0;
  const watch = new StillnessWatch(timeout);
  signal?.addEventListener("abort", () => watch.abort(signal.reason));
  const guarded = guardBody(body, watch.signal, {
    end: () => watch.stop(),
    mapError: (cause) =>
      new RequestError(
        400,
        "BLOB_UPLOAD_INVALID",
        "The request's body broke off",
        { cause },
      ),
  });
  return tapStream(guarded, {
    chunk(chunk) {
      watch.see();
      seen += chunk.byteLength;
      if (expected !== undefined && seen > expected) {
        throw sizeInvalid("The body is longer than announced");
      }
      return see(chunk);
    },
    end() {
      if (expected !== undefined && seen < expected) {
        throw sizeInvalid("The body is shorter than announced");
      }
    },
  });
}

/**
 * Reads a whole body of at most `limit` bytes.
 *
 * @throws {RequestError} 413: the body is longer, which is noticed while it arrives.
 */
export async function readBounded(
  request: Request,
  { limit, timeout }: { readonly limit: number; readonly timeout: number },
): Promise<Uint8Array<ArrayBuffer>> {
  const announced = announcedLength(request.headers);
  if (announced !== undefined && announced > limit) throw tooLarge(limit);
  if (request.body === null) return new Uint8Array();
  const rules = { expected: announced, timeout };
  const body = incomingBody(request.body, rules, () => {});
  return await readAll(body, limit, () => tooLarge(limit));
}

function tooLarge(limit: number): RequestError {
  return new RequestError(
    413,
    "MANIFEST_INVALID",
    `The manifest is larger than ${limit} bytes`,
  );
}

/** Notices when nothing has been seen for a while. One timer does for many pieces. */
class StillnessWatch {
  readonly #controller = new AbortController();
  readonly #timeout: number;
  #timer: ReturnType<typeof setTimeout>;
  #last = performance.now();

  constructor(timeout: number) {
    this.#timeout = timeout;
    this.#timer = setTimeout(() => this.#check(), timeout);
  }

  /** Aborts where the time has run out. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  see(): void {
    this.#last = performance.now();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  #check(): void {
    const left = this.#last + this.#timeout - performance.now();
    if (left > 0) {
      this.#timer = setTimeout(() => this.#check(), left);
      return;
    }
    this.#controller.abort(
      new RequestError(
        408,
        "BLOB_UPLOAD_INVALID",
        "The request's body stands still",
      ),
    );
  }
}
