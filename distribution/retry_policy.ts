import type { ConnectionErrorCode } from "./errors.ts";

/** The numbers behind {@linkcode decideRetry}. */
export interface RetryPolicyOptions {
  /**
   * How many times a request is sent at most. 1 switches retries off.
   *
   * @default {6}
   */
  readonly maxAttempts?: number | undefined;
  /**
   * How long after its first failure a request may still be repeated, in milliseconds.
   * A wait that would end later is not begun.
   *
   * @default {300_000}
   */
  readonly budget?: number | undefined;
  /**
   * The upper bound of the first pause, in milliseconds; it doubles with each attempt.
   *
   * @default {250}
   */
  readonly baseDelay?: number | undefined;
  /**
   * The upper bound of every pause that the registry did not ask for, in milliseconds.
   *
   * @default {30_000}
   */
  readonly maxDelay?: number | undefined;
}

/** How an attempt ended: with an answer's status, or with a fault. */
export type RetryOutcome =
  | {
    /** The status of the answer. */
    readonly status: number;
    /** The wait that the answer asks for, in milliseconds. */
    readonly retryAfter?: number | undefined;
  }
  | {
    /** The code of the fault. */
    readonly code: ConnectionErrorCode;
  };

/** All that the decision depends on. */
export interface RetrySituation {
  /** The method of the request. */
  readonly method: string;
  /**
   * Whether it can be sent twice and does no more than once.
   *
   * @default {what RFC 9110 §9.2.2 says of the method: all but POST and PATCH}
   */
  readonly idempotent?: boolean | undefined;
  /** How many times the request has been sent, from 1. */
  readonly attempt: number;
  /** How the last attempt ended. */
  readonly outcome: RetryOutcome;
  /** Milliseconds since the first attempt failed. */
  readonly elapsed: number;
  /** A random number from 0 to below 1. */
  readonly random: number;
}

/** What to do now. */
export type RetryDecision =
  | {
    /** The request is worth another attempt. */
    readonly retry: true;
    /** The pause before it, in milliseconds. */
    readonly delay: number;
  }
  | {
    /** The outcome stands. */
    readonly retry: false;
    /**
     * Why: another attempt would not help, there were enough of them, or the wait
     * would end after the budget.
     */
    readonly reason: "final" | "attempts" | "budget";
  };

/** Statuses that a later attempt can change; 501 and 505 cannot. */
const TRANSIENT: ReadonlySet<number> = new Set([
  408,
  425,
  429,
  500,
  502,
  503,
  504,
]);

/** Statuses of a request that nothing was done with. */
const UNTOUCHED: ReadonlySet<number> = new Set([425, 429, 503]);

/** Faults that seldom pass by themselves get this many attempts, so that a wrong port fails at once. */
const STUBBORN_ATTEMPTS = 3;

/**
 * Decides whether and when a request is sent again. It is a pure function.
 *
 * - Statuses 408, 425, 429, 500, 502, 503 and 504, and cut or timed-out connections, are retried.
 * - A refused or unreachable host gets two more quick attempts. An unknown host and a
 *   TLS failure get none.
 * - The pause is random between 0 and `baseDelay` × 2^(attempt - 1), at most `maxDelay`.
 *   It is never shorter than the wait that the registry asks for.
 * - What is not idempotent, as `POST` and `PATCH` are not, is repeated only where the
 *   registry cannot have acted on it: after 425, 429, 503 and a connection that never
 *   came about.
 *
 * @example
 * ```ts
 * import { decideRetry } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   decideRetry({
 *     method: "GET",
 *     attempt: 1,
 *     outcome: { status: 429, retryAfter: 7_000 },
 *     elapsed: 0,
 *     random: 0.5,
 *   }),
 *   { retry: true, delay: 7_000 },
 * );
 * ```
 */
export function decideRetry(
  situation: RetrySituation,
  options: RetryPolicyOptions = {},
): RetryDecision {
  const {
    maxAttempts = 6,
    budget = 300_000,
    baseDelay = 250,
    maxDelay = 30_000,
  } = options;
  const { attempt, outcome, elapsed, random } = situation;
  const allowed = Math.min(maxAttempts, usefulAttempts(situation));
  if (allowed <= 1 && maxAttempts > 1) return { retry: false, reason: "final" };
  if (attempt >= allowed) return { retry: false, reason: "attempts" };
  const backoff = random * Math.min(maxDelay, baseDelay * 2 ** (attempt - 1));
  const asked = "status" in outcome ? outcome.retryAfter ?? 0 : 0;
  const delay = Math.round(Math.max(backoff, asked));
  if (elapsed + delay > budget) return { retry: false, reason: "budget" };
  return { retry: true, delay };
}

/** How many attempts an outcome of this kind deserves. */
function usefulAttempts(
  { method, idempotent, outcome }: RetrySituation,
): number {
  const once = !(idempotent ?? (method !== "POST" && method !== "PATCH"));
  if ("status" in outcome) {
    const statuses = once ? UNTOUCHED : TRANSIENT;
    return statuses.has(outcome.status) ? Infinity : 1;
  }
  switch (outcome.code) {
    case "CONNECTION_RESET":
    case "CONNECTION_TIMEOUT":
    case "STALL_TIMEOUT":
      return once ? 1 : Infinity;
    case "CONNECTION_REFUSED":
    case "CONNECT_TIMEOUT":
      return STUBBORN_ATTEMPTS;
    case "CONNECTION_FAILED":
      return once ? 1 : STUBBORN_ATTEMPTS;
    case "DEADLINE_EXCEEDED":
    case "PROXY_REFUSED":
    case "HOST_UNKNOWN":
    case "TLS_FAILED":
      return 1;
  }
}
