import { KeyedMutex } from "./_keyed_mutex.ts";
import type { Algorithm } from "../../digest/algorithm.ts";
import { createHasher, type Hasher } from "../../digest/hasher.ts";

/** The running hash of an upload, and how much of it has been hashed. */
export interface UploadHash {
  /** The hasher. */
  readonly hasher: Hasher;
  /** The bytes that it has seen. */
  seen: number;
}

/** More uploads than this are not hashed as they arrive, but read again at their end. */
const MAX_HASHES = 10_000;

/**
 * What this process knows of uploads beside their bytes: the running hashes, and
 * who is writing.
 *
 * All of it may be lost, with the process or because another process serves the
 * next request: then the content is read again before it is committed.
 */
export class UploadSessions {
  readonly #hashes = new Map<string, UploadHash>();
  readonly #mutex = new KeyedMutex();

  /** Runs work on one upload after all earlier work on it. */
  exclusive<Result>(
    upload: string,
    work: () => Promise<Result>,
  ): Promise<Result> {
    return this.#mutex.run(upload, work);
  }

  /** Begins to hash an upload. */
  begin(upload: string, algorithm: Algorithm): void {
    if (this.#hashes.size >= MAX_HASHES) {
      this.#hashes.delete(this.#hashes.keys().next().value!);
    }
    this.#hashes.set(upload, { hasher: createHasher(algorithm), seen: 0 });
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
    this.#hashes.delete(upload);
  }
}
