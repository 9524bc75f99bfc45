import {
  type Algorithm,
  CANONICAL_ALGORITHM,
  createRawHasher,
} from "./algorithm.ts";
import { Digest } from "./digest.ts";
import { DigestUnsupportedError } from "./errors.ts";
import type { RawHasher } from "./raw_hasher.ts";

/** Computes a digest from content that arrives in pieces. */
export interface Hasher {
  /** The algorithm that it computes. */
  readonly algorithm: Algorithm;
  /**
   * Takes the next piece.
   *
   * Returns nothing where the piece has been consumed at once, and otherwise a
   * promise; either way the piece may be reused once the result has settled.
   *
   * @throws {TypeError} The digest has already been asked for.
   */
  update(chunk: Uint8Array): void | Promise<void>;
  /**
   * Ends the content and gives its digest. A hasher can be ended only once.
   *
   * @throws {TypeError} The digest has already been asked for.
   */
  digest(): Promise<Digest>;
}

/**
 * Makes a hasher: the native one where the runtime has `node:crypto` (Deno, Node,
 * Bun; no permission is needed), `@std/crypto` elsewhere, and for a registered
 * algorithm the one that came with it.
 *
 * @throws {DigestUnsupportedError} The algorithm is not one that can be computed.
 *
 * @example Hash in pieces
 * ```ts
 * import { createHasher, Digest } from "@gantry/oci/digest";
 * import { assert } from "@std/assert";
 *
 * const hasher = createHasher();
 * await hasher.update(new TextEncoder().encode("hel"));
 * await hasher.update(new TextEncoder().encode("lo"));
 * assert((await hasher.digest()).equals(await Digest.fromString("hello")));
 * ```
 */
export function createHasher(
  algorithm: Algorithm = CANONICAL_ALGORITHM,
): Hasher {
  const raw = createRawHasher(algorithm);
  if (raw === undefined) {
    throw new DigestUnsupportedError(algorithm, algorithm);
  }
  return new OrderedHasher(algorithm, raw);
}

/** Hands pieces over one by one, also where the caller did not wait. */
class OrderedHasher implements Hasher {
  readonly algorithm: Algorithm;
  readonly #raw: RawHasher;
  #pending: Promise<void> | undefined;
  #ended = false;

  constructor(algorithm: Algorithm, raw: RawHasher) {
    this.algorithm = algorithm;
    this.#raw = raw;
  }

  update(chunk: Uint8Array): void | Promise<void> {
    if (this.#ended) {
      throw new TypeError("Cannot update hasher: its digest has been taken");
    }
    const result = this.#pending === undefined
      ? this.#raw.update(chunk)
      : this.#pending.then(() => this.#raw.update(chunk));
    if (result === undefined) return;
    const pending = result.then(() => {
      if (this.#pending === pending) this.#pending = undefined;
    });
    this.#pending = pending;
    return pending;
  }

  async digest(): Promise<Digest> {
    if (this.#ended) {
      throw new TypeError("Cannot end hasher: its digest has been taken");
    }
    this.#ended = true;
    await this.#pending;
    return Digest.fromEncoded(this.algorithm, await this.#raw.digest());
  }
}
