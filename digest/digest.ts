import {
  type Algorithm,
  ALGORITHM_PATTERN,
  algorithmInfo,
  CANONICAL_ALGORITHM,
} from "./algorithm.ts";
import {
  DigestInvalidFormatError,
  DigestInvalidLengthError,
  DigestUnsupportedError,
} from "./errors.ts";
import { createHasher } from "./hasher.ts";
import { readAhead } from "./_read_ahead.ts";

/**
 * The grammar of image-spec `descriptor.md` §Digests as the source of a regular
 * expression, to find digests in a text; {@linkcode Digest} checks a whole one.
 *
 * @example Find digests
 * ```ts
 * import { DIGEST_PATTERN } from "@gantry/oci/digest";
 * import { assertEquals } from "@std/assert";
 *
 * const [found] = "built app@sha256:0123abcd".match(new RegExp(DIGEST_PATTERN))!;
 * assertEquals(found, "sha256:0123abcd");
 * ```
 */
export const DIGEST_PATTERN: string = `${ALGORITHM_PATTERN}:[a-zA-Z0-9=_-]+`;

const GRAMMAR = new RegExp(`^${DIGEST_PATTERN}$`);
const LOWER_HEX = /^[a-f0-9]+$/;

/** Options of the functions that compute a digest. */
export interface DigestOptions {
  /**
   * The algorithm.
   *
   * @default {"sha256"}
   */
  readonly algorithm?: Algorithm | undefined;
  /**
   * Ends the work early, and fails it with the signal's own reason.
   *
   * @default {undefined}
   */
  readonly signal?: AbortSignal | undefined;
}

/**
 * A content identifier, `algorithm:encoded`.
 *
 * Follows image-spec `descriptor.md` §Digests, and go-digest in the order of its
 * checks. A `Digest` is immutable; its text form is what goes on the wire, into
 * JSON and into paths, for which only the parsed form is safe: a text that passed
 * {@linkcode Digest.parse} holds no separator and no dot segment.
 *
 * @example Compute and compare
 * ```ts
 * import { Digest } from "@gantry/oci/digest";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const digest = await Digest.fromString("hello");
 * assertEquals(digest.algorithm, "sha256");
 * assertEquals(digest.encoded.slice(0, 12), "2cf24dba5fb0");
 * assert(digest.equals(Digest.parse(digest.toString())));
 * ```
 */
export class Digest {
  readonly #text: string;

  /**
   * Takes a digest's text, and checks its grammar only.
   *
   * A digest of an algorithm that cannot be computed here passes: content that
   * carries one can still be listed, and copied by those who know it.
   *
   * @throws {DigestInvalidFormatError} The text does not fit the grammar.
   */
  constructor(text: string) {
    if (!GRAMMAR.test(text)) {
      throw new DigestInvalidFormatError(text, "expected algorithm:encoded");
    }
    this.#text = text;
  }

  /**
   * Takes a digest's text, and checks everything: grammar, algorithm, length, digits.
   *
   * @throws {DigestInvalidFormatError} The grammar does not fit, or a digit is not lower-case hex.
   * @throws {DigestUnsupportedError} The algorithm is not one that can be computed.
   * @throws {DigestInvalidLengthError} The encoded part is too short or too long.
   *
   * @example Refuse what is no digest
   * ```ts
   * import { Digest, DigestUnsupportedError } from "@gantry/oci/digest";
   * import { assertThrows } from "@std/assert";
   *
   * assertThrows(() => Digest.parse("md5:d41d8cd98f00b204e9800998ecf8427e"), DigestUnsupportedError);
   * ```
   */
  static parse(text: string): Digest {
    const colon = text.indexOf(":");
    if (colon < 0 || colon === text.length - 1) {
      throw new DigestInvalidFormatError(text, "expected algorithm:encoded");
    }
    const algorithm = text.slice(0, colon);
    const info = algorithmInfo(algorithm);
    if (info === undefined) {
      // go-digest's order: a text that fits no grammar is malformed, not unsupported.
      const digest = new Digest(text);
      throw new DigestUnsupportedError(text, digest.algorithm);
    }
    const encoded = text.slice(colon + 1);
    if (encoded.length !== info.hexLength) {
      throw new DigestInvalidLengthError(text, info.hexLength, encoded.length);
    }
    if (!LOWER_HEX.test(encoded)) {
      throw new DigestInvalidFormatError(
        text,
        "expected lower-case hex digits",
      );
    }
    return new Digest(text);
  }

  /**
   * Joins an algorithm and the hex digits that it gave elsewhere, and checks
   * everything, as {@linkcode Digest.parse} does.
   *
   * @throws {DigestInvalidFormatError} The algorithm does not fit the grammar, or a digit is not lower-case hex.
   * @throws {DigestUnsupportedError} The algorithm is not one that can be computed.
   * @throws {DigestInvalidLengthError} There are too few or too many digits.
   *
   * @example Take a hash from elsewhere
   * ```ts
   * import { Digest } from "@gantry/oci/digest";
   * import { assert } from "@std/assert";
   * import { createHash } from "node:crypto";
   *
   * const hex = createHash("sha256").update("hello").digest("hex");
   * const digest = Digest.fromEncoded("sha256", hex);
   * assert(digest.equals(await Digest.fromString("hello")));
   * ```
   */
  static fromEncoded(algorithm: Algorithm, encoded: string): Digest {
    return Digest.parse(`${algorithm}:${encoded}`);
  }

  /**
   * Computes the digest of bytes.
   *
   * @throws {DigestUnsupportedError} The algorithm is not one that can be computed.
   *
   * @example
   * ```ts
   * import { Digest } from "@gantry/oci/digest";
   * import { assertEquals } from "@std/assert";
   *
   * const digest = await Digest.fromBytes(new Uint8Array(), { algorithm: "sha512" });
   * assertEquals(digest.algorithm, "sha512");
   * ```
   */
  static async fromBytes(
    bytes: Uint8Array,
    options: DigestOptions = {},
  ): Promise<Digest> {
    const hasher = createHasher(options.algorithm ?? CANONICAL_ALGORITHM);
    options.signal?.throwIfAborted();
    await hasher.update(bytes);
    options.signal?.throwIfAborted();
    return await hasher.digest();
  }

  /**
   * Computes the digest of a text's UTF-8 form.
   *
   * @throws {DigestUnsupportedError} The algorithm is not one that can be computed.
   *
   * @example
   * ```ts
   * import { Digest } from "@gantry/oci/digest";
   * import { assertEquals } from "@std/assert";
   *
   * const digest = await Digest.fromString("{}");
   * assertEquals(digest.encoded.slice(0, 12), "44136fa355b3");
   * ```
   */
  static fromString(
    text: string,
    options: DigestOptions = {},
  ): Promise<Digest> {
    return Digest.fromBytes(new TextEncoder().encode(text), options);
  }

  /**
   * Computes the digest of a stream, which it reads to the end, piece by piece;
   * a failure or an abort cancels it.
   *
   * @throws {DigestUnsupportedError} The algorithm is not one that can be computed.
   *
   * @example
   * ```ts
   * import { Digest } from "@gantry/oci/digest";
   * import { assertEquals } from "@std/assert";
   *
   * const digest = await Digest.fromStream(new Blob(["a", "b"]).stream());
   * assertEquals(String(digest), String(await Digest.fromString("ab")));
   * ```
   */
  static async fromStream(
    stream: ReadableStream<Uint8Array>,
    options: DigestOptions = {},
  ): Promise<Digest> {
    const hasher = createHasher(options.algorithm ?? CANONICAL_ALGORITHM);
    await readAhead(stream, (piece) => hasher.update(piece), options.signal);
    return await hasher.digest();
  }

  /** The part before the colon. */
  get algorithm(): Algorithm {
    return this.#text.slice(0, this.#text.indexOf(":"));
  }

  /** The part behind the colon: lower-case hex for the built-in algorithms. */
  get encoded(): string {
    return this.#text.slice(this.#text.indexOf(":") + 1);
  }

  /** Whether another digest, or its text, is the same. */
  equals(other: Digest | string): boolean {
    return this.#text === String(other);
  }

  /** `algorithm:encoded`. */
  toString(): string {
    return this.#text;
  }

  /** `algorithm:encoded`, so that a digest stands in JSON as its text. */
  toJSON(): string {
    return this.#text;
  }
}
