import { abortable } from "./_single_flight.ts";

/** Runs work on one key after all earlier work on it, and work on others beside it. */
export class KeyedMutex {
  readonly #tails = new Map<string, Promise<void>>();

  /** Waits for its turn, runs the work, and gives its result. The signal ends the wait. */
  async run<Result>(
    key: string,
    work: () => Promise<Result>,
    signal?: AbortSignal,
  ): Promise<Result> {
    const before = this.#tails.get(key);
    let finish!: () => void;
    const tail = new Promise<void>((resolve) => {
      finish = resolve;
    });
    this.#tails.set(key, tail);
    const leave = () => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
      finish();
    };
    try {
      await (before && abortable(before, signal));
    } catch (error) {
      // Who comes after it waits for those before it all the same.
      before!.then(leave);
      throw error;
    }
    try {
      return await work();
    } finally {
      leave();
    }
  }
}
