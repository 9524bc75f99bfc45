import { Digest } from "./digest.ts";
import { createHasher, type Hasher } from "./hasher.ts";

/** Checks content that arrives in pieces against one digest. */
export interface Verifier {
  /** The digest that the content should have. */
  readonly digest: Digest;
  /**
   * Takes the next piece, as {@linkcode Hasher.update} does.
   *
   * @throws {TypeError} The answer has already been asked for.
   */
  update(chunk: Uint8Array): void | Promise<void>;
  /**
   * Ends the content and says whether it has the digest. Can be asked again, and
   * answers the same.
   */
  verified(): Promise<boolean>;
}

/**
 * Makes a verifier for content that is not at hand as one stream;
 * {@linkcode verifyStream} is for what is, and also checks the size.
 *
 * Follows image-spec `descriptor.md` §Digests, "Verification".
 *
 * @throws {DigestInvalidFormatError} The digest is malformed.
 * @throws {DigestInvalidLengthError} Its encoded part is too short or too long.
 * @throws {DigestUnsupportedError} Its algorithm is not one that can be computed.
 *
 * @example Good and tampered content
 * ```ts
 * import { createVerifier, Digest } from "@gantry/oci/digest";
 * import { assertEquals } from "@std/assert";
 *
 * const digest = await Digest.fromString("hello");
 *
 * const good = createVerifier(digest);
 * await good.update(new TextEncoder().encode("hello"));
 * assertEquals(await good.verified(), true);
 *
 * const tampered = createVerifier(digest);
 * await tampered.update(new TextEncoder().encode("jello"));
 * assertEquals(await tampered.verified(), false);
 * ```
 */
export function createVerifier(digest: Digest | string): Verifier {
  const expected = Digest.parse(String(digest));
  return new HashVerifier(expected, createHasher(expected.algorithm));
}

class HashVerifier implements Verifier {
  readonly digest: Digest;
  readonly #hasher: Hasher;
  #answer: Promise<boolean> | undefined;

  constructor(digest: Digest, hasher: Hasher) {
    this.digest = digest;
    this.#hasher = hasher;
  }

  update(chunk: Uint8Array): void | Promise<void> {
    return this.#hasher.update(chunk);
  }

  verified(): Promise<boolean> {
    return this.#answer ??= this.#compare();
  }

  async #compare(): Promise<boolean> {
    return this.digest.equals(await this.#hasher.digest());
  }
}
