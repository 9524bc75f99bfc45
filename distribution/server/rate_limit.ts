import { RequestError } from "./request_error.ts";

/** How many requests one client may make. */
export interface RateLimit {
  /** So many at once. */
  readonly requests: number;
  /** The time in which as many more become possible, in milliseconds. */
  readonly window: number;
}

interface Bucket {
  tokens: number;
  filled: number;
}

/** So many clients are counted; those that were not seen for longest are forgotten first. */
const MAX_CLIENTS = 100_000;

/** Counts requests by client: a bucket of tokens for each, which fills up again evenly. */
export class RateLimiter {
  readonly #limit: RateLimit;
  readonly #buckets = new Map<string, Bucket>();

  /**
   * Takes the limit.
   *
   * @throws {RangeError} A number of it is not positive.
   */
  constructor(limit: RateLimit) {
    if (!(limit.requests >= 1 && limit.window > 0)) {
      throw new RangeError(
        "Cannot limit requests: the numbers must be positive",
      );
    }
    this.#limit = limit;
  }

  /**
   * Counts a request.
   *
   * @throws {RequestError} 429 `TOOMANYREQUESTS`, with `Retry-After`: it is one too many (R85).
   */
  count(client: string, now: number): void {
    const { requests, window } = this.#limit;
    const rate = requests / window;
    const known = this.#buckets.get(client);
    const bucket = known ?? { tokens: requests, filled: now };
    bucket.tokens = Math.min(
      requests,
      bucket.tokens + (now - bucket.filled) * rate,
    );
    bucket.filled = now;
    this.#buckets.delete(client);
    this.#buckets.set(client, bucket);
    if (this.#buckets.size > MAX_CLIENTS) {
      this.#buckets.delete(this.#buckets.keys().next().value!);
    }
    if (bucket.tokens < 1) {
      throw tooManyRequests(
        "Too many requests",
        (1 - bucket.tokens) / rate / 1000,
      );
    }
    bucket.tokens--;
  }
}

/** 429: there is too much to do; the client may come back after some seconds. */
export function tooManyRequests(
  message: string,
  seconds: number,
): RequestError {
  const headers = { "retry-after": String(Math.max(1, Math.ceil(seconds))) };
  return new RequestError(429, "TOOMANYREQUESTS", message, { headers });
}
