import { watchBody, withBody } from "./_body_stream.ts";
import { forwardAbort } from "./_forward_abort.ts";
import { ConnectionError } from "./errors.ts";
import { type Transport, wrapTransport } from "./transport.ts";

/** How {@linkcode limitTime} behaves. */
export interface TimeLimitOptions {
  /** How long a request may take in all, in milliseconds: from its start to the end of its answer. */
  readonly timeout: number;
}

/**
 * Gives each request so much time in all, whatever it does: connecting, pauses
 * and repetitions of the layers within, and the reading of the answer's body.
 *
 * For work of several requests pass `AbortSignal.timeout()` as its `signal`
 * instead. An answer's body that is neither read nor cancelled keeps its timer until
 * that has run out.
 *
 * The returned transport throws a {@linkcode ConnectionError} with code
 * `DEADLINE_EXCEEDED`, and so does a body that is not read in time.
 *
 * @throws {RangeError} `timeout` is not above 0.
 *
 * @example
 * ```ts
 * import { ConnectionError, limitTime, retry, type Transport } from "@gantry/oci/distribution";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const busy: Transport = () =>
 *   Promise.resolve(
 *     new Response(null, { status: 503, headers: { "retry-after": "60" } }),
 *   );
 * const transport = limitTime(retry(busy), { timeout: 20 });
 * const error = await assertRejects(
 *   () =>
 *     transport({
 *       method: "GET",
 *       url: new URL("https://registry.example/v2/"),
 *       headers: new Headers(),
 *     }),
 *   ConnectionError,
 * );
 * assertEquals(error.code, "DEADLINE_EXCEEDED");
 * ```
 */
export function limitTime(
  transport: Transport,
  options: TimeLimitOptions,
): Transport {
  const { timeout } = options;
  if (!(timeout > 0)) {
    throw new RangeError(
      `Cannot limit the time: expected a timeout above 0, found ${timeout}`,
    );
  }
  if (timeout > 2 ** 31 - 1) return transport; // longer than a timer can wait
  return wrapTransport(transport, async (request) => {
    const { method, signal, url } = request;
    signal?.throwIfAborted();
    const abort = forwardAbort(signal);
    const timer = setTimeout(() => {
      abort.now(
        new ConnectionError(
          "DEADLINE_EXCEEDED",
          `it was not done within ${timeout / 1000} s`,
          { method, url },
        ),
      );
    }, timeout);
    const finish = () => {
      clearTimeout(timer);
      abort.stop();
    };
    try {
      const response = await transport({ ...request, signal: abort.signal });
      if (response.body === null) {
        finish();
        return response;
      }
      const body = watchBody(response.body, { end: finish });
      return withBody(response, body);
    } catch (error) {
      finish();
      throw error;
    }
  });
}
