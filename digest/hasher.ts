import {
  type Algorithm,
  algorithmInfo,
  CANONICAL_ALGORITHM,
} from "./algorithm.ts";
import { Digest } from "./digest.ts";
import { DigestUnsupportedError } from "./errors.ts";
import { nodeHasher } from "./_node_hasher.ts";
import { portableHasher } from "./_portable_hasher.ts";

/** Computes a digest from content that arrives in pieces. */
export interface Hasher {
  /** The algorithm that it computes. */
  readonly algorithm: Algorithm;
  /**
   * Takes the next piece.
   *
   * Returns nothing where the piece has been consumed at once, and otherwise a
   * promise; either way the piece may be reused once the result has settled.
   */
  update(chunk: Uint8Array): void | Promise<void>;
  /** Ends the content and gives its digest. A hasher can be ended only once. */
  digest(): Promise<Digest>;
}

/** The part of a hasher that depends on the runtime; `digest` gives lower-case hex. */
export interface RawHasher {
  /** Takes the next piece. */
  update(chunk: Uint8Array): void | Promise<void>;
  /** Ends the content. */
  digest(): string | Promise<string>;
}

/**
 * Makes a hasher: the native one where the runtime has `node:crypto` (Deno, Node,
 * Bun; no permission is needed), and `@std/crypto` elsewhere.
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
  const info = algorithmInfo(algorithm);
  if (info === undefined) {
    throw new DigestUnsupportedError(algorithm, algorithm);
  }
  const raw = nodeHasher(algorithm) ?? portableHasher(info.webName);
  return {
    algorithm,
    update: (chunk) => raw.update(chunk),
    digest: async () => new Digest(`${algorithm}:${await raw.digest()}`),
  };
}
