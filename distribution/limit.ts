import { watchBody, withBody } from "./_body_stream.ts";
import { sleep as sleepByTimer } from "./_sleep.ts";
import { type Transport, wrapTransport } from "./transport.ts";

/** How much {@linkcode limit} lets through to each host. */
export interface LimitOptions {
  /**
   * How many requests may be under way at once.
   *
   * @default {Infinity}
   */
  readonly concurrency?: number | undefined;
  /**
   * How many requests may begin in a second, evenly spread.
   *
   * @default {Infinity}
   */
  readonly rate?: number | undefined;
  /**
   * Gives the time in milliseconds.
   *
   * @default {performance.now}
   */
  readonly clock?: (() => number) | undefined;
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

/** A body that was not read for so long gives way, in milliseconds. */
const REST = 100;

/**
 * Lets only so many requests through at once, and so many in a second, to each host;
 * the rest waits in line.
 *
 * A request is under way until its answer's body has ended or is let go. A body that
 * nobody reads gives its place to those who wait: so whoever reads one
 * body to send another to the same host never waits for himself.
 *
 * Wrap it around {@linkcode guardStalls}, not into it: waiting in line is no stall.
 * A client does so with its option `limit`.
 *
 * @throws {RangeError} `concurrency` is below 1, or `rate` is not above 0.
 *
 * @example
 * ```ts
 * import { fromHandler, limit } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * let running = 0;
 * let most = 0;
 * const base = fromHandler(async () => {
 *   most = Math.max(most, ++running);
 *   await Promise.resolve();
 *   running--;
 *   return new Response("ok");
 * });
 * const transport = limit(base, { concurrency: 2 });
 * await Promise.all(Array.from({ length: 5 }, async () => {
 *   const response = await transport({
 *     method: "GET",
 *     url: new URL("https://registry.example/v2/"),
 *     headers: new Headers(),
 *   });
 *   await response.text();
 * }));
 * assertEquals(most, 2);
 * ```
 */
export function limit(
  transport: Transport,
  options: LimitOptions = {},
): Transport {
  const {
    clock = () => performance.now(),
    concurrency = Infinity,
    rate = Infinity,
    sleep = sleepByTimer,
  } = options;
  if (!(concurrency >= 1)) {
    throw new RangeError(
      `Cannot limit requests: expected a concurrency of at least 1, found ${concurrency}`,
    );
  }
  if (!(rate > 0)) {
    throw new RangeError(
      `Cannot limit requests: expected a rate above 0, found ${rate}`,
    );
  }
  const lines = new Map<string, Line>();
  return wrapTransport(transport, async (request) => {
    const { signal, url } = request;
    signal?.throwIfAborted();
    let line = lines.get(url.host);
    if (line === undefined) {
      line = new Line(concurrency, 1000 / rate, clock);
      lines.set(url.host, line);
    }
    const place = await line.enter(signal);
    try {
      const turn = line.nextTurn();
      try {
        if (turn.pause > 0) await sleep(turn.pause, signal);
      } catch (error) {
        line.giveUp(turn.start);
        throw error;
      }
      line.begin(turn.start);
      const response = await transport(request);
      if (response.body === null) {
        place.leave();
        return response;
      }
      place.rest();
      return withBody(
        response,
        watchBody(response.body, {
          pulling: () => place.work(),
          pulled: () => place.rest(),
          end: () => place.leave(),
        }),
      );
    } catch (error) {
      place.leave();
      throw error;
    }
  });
}

/** The requests to one host: those under way, and those that wait. */
class Line {
  readonly #concurrency: number;
  readonly #interval: number;
  readonly #clock: () => number;
  readonly #places = new Set<Place>();
  readonly #waiting = new Set<() => void>();
  /** When the last request began, by its turn. */
  #begun = -Infinity;
  /** The turns of requests that wait for theirs. */
  readonly #coming = new Set<number>();
  /** The last turn that was given. */
  #last = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(concurrency: number, interval: number, clock: () => number) {
    this.#concurrency = concurrency;
    this.#interval = interval;
    this.#clock = clock;
  }

  /** Waits for a place. */
  async enter(signal: AbortSignal | undefined): Promise<Place> {
    return this.#places.size < this.#concurrency
      ? this.#take()
      : await this.#turn(signal);
  }

  #take(): Place {
    const place = new Place(this.#clock, () => this.#leave(place), () => {
      if (this.#waiting.size > 0) this.#watch();
    });
    this.#places.add(place);
    return place;
  }

  /** When the next request may begin, and how long that is to be waited for. */
  nextTurn(): { readonly start: number; readonly pause: number } {
    const now = this.#clock();
    const start = Math.max(now, this.#last + this.#interval);
    this.#last = start;
    this.#coming.add(start);
    return { start, pause: start - now };
  }

  /** A request has begun whose turn it was. */
  begin(start: number): void {
    this.#coming.delete(start);
    this.#begun = Math.max(this.#begun, start);
  }

  /** Nobody waits for a turn any more: those who come later need not either. */
  giveUp(start: number): void {
    this.#coming.delete(start);
    if (start < this.#last) return;
    // Turns are given in their order.
    this.#last = Math.max(this.#begun, [...this.#coming].at(-1) ?? -Infinity);
  }

  #turn(signal: AbortSignal | undefined): Promise<Place> {
    return new Promise((resolve, reject) => {
      const finish = () => {
        signal?.removeEventListener("abort", onAbort);
        this.#waiting.delete(enter);
        if (this.#waiting.size === 0) this.#unwatch();
      };
      const enter = () => {
        finish();
        // At once, lest somebody else comes in between.
        resolve(this.#take());
      };
      const onAbort = () => {
        finish();
        reject(signal!.reason);
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#waiting.add(enter);
      this.#watch();
    });
  }

  #leave(place: Place): void {
    if (!this.#places.delete(place)) return;
    const [enter] = this.#waiting;
    enter?.();
  }

  /** Looks after a while for bodies that nobody reads. */
  #watch(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      for (const place of [...this.#places]) {
        if (this.#waiting.size > 0 && place.isResting(REST)) place.leave();
      }
      const hasResting = [...this.#places].some((place) => place.isResting(0));
      if (this.#waiting.size > 0 && hasResting) this.#watch();
    }, REST);
  }

  #unwatch(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** A request under way. */
class Place {
  readonly #clock: () => number;
  readonly #onLeave: () => void;
  readonly #onRest: () => void;
  #restingSince: number | undefined;

  constructor(clock: () => number, onLeave: () => void, onRest: () => void) {
    this.#clock = clock;
    this.#onLeave = onLeave;
    this.#onRest = onRest;
  }

  work(): void {
    this.#restingSince = undefined;
  }

  rest(): void {
    this.#restingSince = this.#clock();
    this.#onRest();
  }

  isResting(ms: number): boolean {
    return this.#restingSince !== undefined &&
      this.#clock() - this.#restingSince >= ms;
  }

  leave(): void {
    this.#onLeave();
  }
}
