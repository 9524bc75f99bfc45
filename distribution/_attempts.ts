import { sleep as sleepByTimer } from "./_sleep.ts";
import { ConnectionError, RegistryError } from "./errors.ts";
import { redactUrl } from "./redact.ts";
import type { RegistryClient } from "./registry_client.ts";
import { decideRetry, type RetryOutcome } from "./retry_policy.ts";
import type { SignalOptions } from "./signal_options.ts";

/** A request that failed, for those who watch. */
export interface FailedAttempt extends SignalOptions {
  /** Its method. */
  readonly method: string;
  /** Its URL. */
  readonly url: URL;
  /**
   * Whether another attempt can help although the fault is none that passes by itself.
   *
   * @default {false}
   */
  readonly curable?: boolean | undefined;
}

/**
 * Counts the faults of one long work, such as an upload or a download, and decides
 * by the client's policy whether it goes on.
 */
export class Attempts {
  readonly #client: RegistryClient;
  #faults = 0;
  #firstFault = 0;

  /** Begins with no faults. */
  constructor(client: RegistryClient) {
    this.#client = client;
  }

  /** Begins the count and the budget anew: a work that gets on is not given up. */
  reset(): void {
    this.#faults = 0;
  }

  /**
   * Waits as long as the policy says.
   *
   * @throws The fault, where it says that there is no point in another attempt.
   */
  async next(fault: unknown, failed: FailedAttempt): Promise<void> {
    const { curable = false, method, signal, url } = failed;
    signal?.throwIfAborted();
    const seen = outcomeOf(fault);
    if (seen === undefined) throw fault;
    const {
      clock = Date.now,
      onEvent,
      random = Math.random,
      sleep = sleepByTimer,
      ...policy
    } = this.#client.retryOptions;
    if (++this.#faults === 1) this.#firstFault = clock();
    const decision = decideRetry({
      method,
      // Whoever asks knows what has arrived, so that nothing is added twice.
      idempotent: true,
      attempt: this.#faults,
      outcome: curable ? { code: "CONNECTION_RESET" } : seen,
      elapsed: clock() - this.#firstFault,
      random: random(),
    }, policy);
    if (!decision.retry) throw fault;
    const { delay } = decision;
    onEvent?.({
      type: "retry",
      method,
      url: redactUrl(url),
      attempt: this.#faults,
      delay,
      ..."status" in seen ? { status: seen.status } : { code: seen.code },
    });
    await sleep(delay, signal);
  }
}

function outcomeOf(fault: unknown): RetryOutcome | undefined {
  if (fault instanceof ConnectionError) return { code: fault.code };
  if (!(fault instanceof RegistryError)) return undefined;
  const { status, retryAfter } = fault;
  return { status, retryAfter };
}
