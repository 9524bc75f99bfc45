import { KeyedMutex } from "../_keyed_mutex.ts";
import type { Algorithm } from "../../digest/algorithm.ts";
import { createHasher, type Hasher } from "../../digest/hasher.ts";
import { tooManyRequests } from "./rate_limit.ts";

/** The running hash of an upload, and how much of it has been hashed. */
export interface UploadHash {
  /** The hasher. */
  readonly hasher: Hasher;
  /** The bytes that it has seen. */
  seen: number;
}

/**
 * What this process knows of uploads beside their bytes: the running hashes, and
 * who is writing.
 *
 * All of it may be lost, with the process or because another process serves the
 * next request: then the content is read again before it is committed.
 */
export class UploadSessions {
  /** When an upload was last worked on, the longest ago first. */
  readonly #open = new Map<string, number>();
  readonly #hashes = new Map<string, UploadHash>();
  readonly #mutex = new KeyedMutex();
  /** What stops those who are writing. */
  readonly #writers = new Map<string, AbortController>();
  readonly #max: number;

  /** `max` is the most uploads that can be unfinished at once. */
  constructor(max: number) {
    this.#max = max;
  }

  /**
   * Makes sure that there is room for one more upload.
   *
   * @throws {RequestError} 429 `TOOMANYREQUESTS`: there are too many that are not finished.
   */
  requireRoom(): void {
    if (this.#open.size < this.#max) return;
    throw tooManyRequests("Too many uploads are unfinished", 60);
  }

  /** Runs work on one upload after all earlier work on it. */
  exclusive<Result>(
    upload: string,
    work: () => Promise<Result>,
  ): Promise<Result> {
    return this.#mutex.run(upload, work);
  }

  /** Runs the work of writing to an upload, which ends early where its signal aborts. */
  async writing<Result>(
    upload: string,
    work: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const writer = new AbortController();
    this.#writers.set(upload, writer);
    try {
      return await work(writer.signal);
    } finally {
      this.#writers.delete(upload);
    }
  }

  /** Stops whoever is writing to an upload. */
  interrupt(upload: string, reason: unknown): void {
    this.#writers.get(upload)?.abort(reason);
  }

  /** Begins to hash an upload. */
  begin(upload: string, algorithm: Algorithm): void {
    this.touch(upload);
    this.#hashes.set(upload, { hasher: createHasher(algorithm), seen: 0 });
  }

  /** Keeps an upload from being too old. */
  touch(upload: string): void {
    this.#open.delete(upload);
    this.#open.set(upload, Date.now());
  }

  /** The running hash of an upload, where it has seen just the bytes that are kept. */
  hash(upload: string, size: number): UploadHash | undefined {
    const hash = this.#hashes.get(upload);
    if (hash === undefined || hash.seen === size) return hash;
    this.#hashes.delete(upload);
    return undefined;
  }

  /** Forgets an upload. */
  end(upload: string): void {
    this.#open.delete(upload);
    this.#hashes.delete(upload);
  }

  /** Forgets the uploads that nobody has worked on since a time, in milliseconds since 1970. */
  expire(before: number): void {
    for (const [upload, touched] of this.#open) {
      if (touched >= before) break;
      this.end(upload);
    }
  }
}
