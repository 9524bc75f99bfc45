import { watchBody, withBody } from "./_body_stream.ts";
import { forwardAbort } from "./_forward_abort.ts";
import { ConnectionError } from "./errors.ts";
import type { Source } from "./source.ts";
import {
  type Transport,
  type TransportRequest,
  wrapTransport,
} from "./transport.ts";

/** How {@linkcode guardStalls} behaves. */
export interface StallOptions {
  /**
   * How long a connection may show no sign of life, in milliseconds. `Infinity`
   * switches the guard off.
   *
   * @default {120_000}
   */
  readonly timeout?: number | undefined;
}

/** A registry that was given a large body may be busy with it: a millisecond for so many bytes. */
const DIGESTED_PER_MS = 16 * 1024;
/** A base that does not tell how its body goes out is trusted to send so many bytes in a millisecond. */
const SENT_PER_MS = 8;

/**
 * Ends requests whose connection has gone silent: where no byte was sent or has
 * arrived for the given time, while the server was expected to take or to give.
 *
 * It counts from the request until its answer, and whenever the answer's body is
 * waited for. A reader that rests does not count, nor does a source that is slow to
 * give what is to be sent, such as a disk. Once a body is sent, its server has
 * another second for each 16 MiB of it. Where the base does not tell `onSent` of
 * what goes out, as `fetch` does not, a second more for each 8 KiB is allowed.
 *
 * The returned transport throws a {@linkcode ConnectionError} with code
 * `STALL_TIMEOUT`, and so does a body that stalls.
 *
 * @throws {RangeError} `timeout` is not above 0.
 *
 * @example
 * ```ts
 * import { ConnectionError, guardStalls, type Transport } from "@gantry/oci/distribution";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const silent: Transport = ({ signal }) =>
 *   new Promise((_, reject) => {
 *     signal!.addEventListener("abort", () => reject(signal!.reason));
 *   });
 * const transport = guardStalls(silent, { timeout: 10 });
 * const error = await assertRejects(
 *   () =>
 *     transport({
 *       method: "GET",
 *       url: new URL("https://registry.example/v2/"),
 *       headers: new Headers(),
 *     }),
 *   ConnectionError,
 * );
 * assertEquals(error.code, "STALL_TIMEOUT");
 * ```
 */
export function guardStalls(
  transport: Transport,
  options: StallOptions = {},
): Transport {
  const { timeout = 120_000 } = options;
  if (!(timeout > 0)) {
    throw new RangeError(
      `Cannot guard against stalls: expected a timeout above 0, found ${timeout}`,
    );
  }
  if (timeout === Infinity) return transport;
  const isTelling = transport.maxBodySize === undefined;
  return wrapTransport(transport, async (request) => {
    request.signal?.throwIfAborted();
    const abort = forwardAbort(request.signal);
    const watch = new Watch(timeout, () => {
      abort.now(stalled(request, timeout));
    });
    const finish = () => {
      watch.stop();
      abort.stop();
    };
    if (!isTelling) watch.allow(sizeOf(request) / SENT_PER_MS);
    watch.start();
    let response: Response;
    let isAnswered = false;
    try {
      response = await transport({
        ...request,
        ...watchUpload(request, watch, () => isAnswered),
        signal: abort.signal,
      });
    } catch (error) {
      finish();
      throw error;
    } finally {
      // A source that is still being read must not start the timer again.
      isAnswered = true;
    }
    watch.answered();
    if (response.body === null) {
      finish();
      return response;
    }
    return withBody(
      response,
      watchBody(response.body, {
        pulling: () => watch.start(),
        pulled: () => watch.stop(),
        end: finish,
      }),
    );
  });
}

/** A timer that runs while the other side has something to do. */
class Watch {
  readonly #ms: number;
  readonly #onSilence: () => void;
  #allowance = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ms: number, onSilence: () => void) {
    this.#ms = ms;
    this.#onSilence = onSilence;
  }

  /** Gives so many milliseconds more, until there is an answer. */
  allow(ms: number): void {
    this.#allowance += ms;
  }

  /** There is an answer: its body is owed no more patience than any. */
  answered(): void {
    this.stop();
    this.#allowance = 0;
  }

  /** Waits for a sign of life, from now on. */
  start(): void {
    this.stop();
    // The longest pause that a timer keeps.
    const ms = Math.min(this.#ms + this.#allowance, 2 ** 31 - 1);
    this.#timer = setTimeout(this.#onSilence, ms);
  }

  /** Waits for nothing. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** The body of a request, and who is told of what goes out of it. */
function watchUpload(
  { body, onSent }: TransportRequest,
  watch: Watch,
  isAnswered: () => boolean,
): Pick<TransportRequest, "body" | "onSent"> {
  if (body === undefined) return {};
  const sent = (bytes: number) => {
    onSent?.(bytes);
    if (!isAnswered()) watch.start();
  };
  return {
    onSent: sent,
    body: body instanceof Uint8Array
      ? body
      : watchSource(body, watch, isAnswered),
  };
}

/** While its source is being waited for, the connection has nothing to do. */
function watchSource(
  source: Source,
  watch: Watch,
  isAnswered: () => boolean,
): Source {
  const pulling = () => {
    if (!isAnswered()) watch.stop();
  };
  const pulled = () => {
    if (!isAnswered()) watch.start();
  };
  return {
    size: source.size,
    async open(offset) {
      pulling();
      try {
        const stream = await source.open(offset);
        return watchBody(stream, {
          pulling,
          pulled,
          end: () => {
            if (isAnswered()) return;
            watch.allow(source.size / DIGESTED_PER_MS);
            watch.start();
          },
        });
      } finally {
        pulled();
      }
    },
  };
}

function sizeOf({ body }: TransportRequest): number {
  if (body === undefined) return 0;
  return body instanceof Uint8Array ? body.byteLength : body.size;
}

function stalled(request: TransportRequest, timeout: number): ConnectionError {
  const { method, url } = request;
  return new ConnectionError(
    "STALL_TIMEOUT",
    `${url.host} gave no sign of life for ${timeout / 1000} s`,
    { method, url },
  );
}
