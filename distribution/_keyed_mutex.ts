/** Runs work on one key after all earlier work on it, and work on others beside it. */
export class KeyedMutex {
  readonly #tails = new Map<string, Promise<void>>();

  /** Waits for its turn, runs the work, and gives its result. */
  async run<Result>(
    key: string,
    work: () => Promise<Result>,
  ): Promise<Result> {
    const before = this.#tails.get(key);
    let finish!: () => void;
    const tail = new Promise<void>((resolve) => {
      finish = resolve;
    });
    this.#tails.set(key, tail);
    try {
      await before;
      return await work();
    } finally {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
      finish();
    }
  }
}
