import { ConnectionError, RegistryError } from "./errors.ts";
import type { ClientEventHook } from "./events.ts";
import { redactUrl } from "./redact.ts";
import { parseRetryAfter } from "./retry_after.ts";
import {
  decideRetry,
  type RetryOutcome,
  type RetryPolicyOptions,
} from "./retry_policy.ts";
import {
  type Transport,
  type TransportRequest,
  wrapTransport,
} from "./transport.ts";
import { discard } from "./_discard.ts";
import { sleep as sleepByTimer } from "./_sleep.ts";

/** How {@linkcode retry} behaves. */
export interface RetryOptions extends RetryPolicyOptions {
  /** Told of every repetition before its pause. */
  readonly onEvent?: ClientEventHook | undefined;
  /**
   * Gives the time in milliseconds since the epoch.
   *
   * @default {Date.now}
   */
  readonly clock?: (() => number) | undefined;
  /**
   * Gives a random number from 0 to below 1.
   *
   * @default {Math.random}
   */
  readonly random?: (() => number) | undefined;
  /**
   * Waits so many milliseconds, and rejects with the signal's reason when that is
   * aborted.
   *
   * @default {a timer}
   */
  readonly sleep?:
    | ((ms: number, signal?: AbortSignal) => Promise<void>)
    | undefined;
}

/**
 * Sends requests again that failed for a passing reason, as {@linkcode decideRetry} says.
 *
 * When it gives up, the last answer is given to the caller, whatever its status,
 * and the last error is thrown; so an answer that asks for a longer wait than the
 * budget allows comes back at once, with its `Retry-After`. A body is opened anew
 * for each attempt. An abort ends a pause with the signal's reason.
 *
 * @throws {RangeError} `maxAttempts` is below 1.
 *
 * @example A registry that is overloaded once
 * ```ts
 * import { retry, type Transport } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * const statuses = [503, 200];
 * const base: Transport = () =>
 *   Promise.resolve(new Response(null, { status: statuses.shift()! }));
 * const transport = retry(base, { baseDelay: 1 });
 * const response = await transport({
 *   method: "GET",
 *   url: new URL("https://registry.example/v2/"),
 *   headers: new Headers(),
 * });
 * assertEquals(response.status, 200);
 * ```
 */
export function retry(
  transport: Transport,
  options: RetryOptions = {},
): Transport {
  const {
    clock = Date.now,
    random = Math.random,
    sleep = sleepByTimer,
    maxAttempts,
    onEvent,
  } = options;
  if (maxAttempts !== undefined && !(maxAttempts >= 1)) {
    throw new RangeError(
      `Cannot retry: expected maxAttempts of at least 1, found ${maxAttempts}`,
    );
  }
  return wrapTransport(transport, async (request) => {
    const { method, signal } = request;
    let firstFailure: number | undefined;
    for (let attempt = 1;; attempt++) {
      signal?.throwIfAborted();
      const result = await attemptOnce(transport, request, clock);
      if (result.outcome === undefined) return finish(result);
      const now = clock();
      firstFailure ??= now;
      const elapsed = now - firstFailure;
      const decision = decideRetry({
        method,
        idempotent: request.idempotent,
        attempt,
        outcome: result.outcome,
        elapsed,
        random: random(),
      }, options);
      if (!decision.retry) return finish(result);
      if (result.response) await discard(result.response);
      const { delay } = decision;
      const url = redactUrl(request.url);
      const seen = "status" in result.outcome
        ? { status: result.outcome.status }
        : { code: result.outcome.code };
      onEvent?.({ type: "retry", method, url, attempt, delay, ...seen });
      await sleep(delay, signal);
    }
  });
}

/** An answer or an error; `outcome` is there where the policy has a say. */
interface Attempt {
  readonly response?: Response;
  readonly error?: unknown;
  readonly outcome?: RetryOutcome;
}

async function attemptOnce(
  transport: Transport,
  request: TransportRequest,
  clock: () => number,
): Promise<Attempt> {
  let response: Response;
  try {
    response = await transport(request);
  } catch (error) {
    if (error instanceof ConnectionError) {
      return { error, outcome: { code: error.code } };
    }
    // A token service that answered with a failure: its status counts as one.
    if (error instanceof RegistryError) {
      const { status, retryAfter } = error;
      return { error, outcome: { status, retryAfter } };
    }
    return { error };
  }
  const { status, headers } = response;
  if (status < 400) return { response };
  const retryAfter = parseRetryAfter(headers.get("retry-after"), clock());
  return { response, outcome: { status, retryAfter } };
}

function finish(attempt: Attempt): Response {
  if (attempt.response !== undefined) return attempt.response;
  throw attempt.error;
}
