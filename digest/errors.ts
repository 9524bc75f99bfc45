import { OciError, type OciErrorOptions } from "./oci_error.ts";
import { preview } from "./_preview.ts";

/** What is wrong with a digest's text. */
export type DigestErrorCode =
  | "DIGEST_INVALID_FORMAT"
  | "DIGEST_INVALID_LENGTH"
  | "DIGEST_UNSUPPORTED"
  | "DIGEST_NOT_FOUND"
  | "DIGEST_AMBIGUOUS";

/**
 * The base of the errors about the text of a digest, or of the beginning of one.
 *
 * @example Tell mistakes apart
 * ```ts
 * import { Digest, DigestError } from "@gantry/oci/digest";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const codes = ["sha256", "sha256:abc", "md5:abc"].map((text) =>
 *   assertThrows(() => Digest.parse(text), DigestError).code
 * );
 * assertEquals(codes, [
 *   "DIGEST_INVALID_FORMAT",
 *   "DIGEST_INVALID_LENGTH",
 *   "DIGEST_UNSUPPORTED",
 * ]);
 * ```
 */
export class DigestError extends OciError {
  /** The class's name. */
  override readonly name: string = "DigestError";
  /** What is wrong. */
  declare readonly code: DigestErrorCode;
  /** The text that is at fault. */
  readonly digest: string;

  /** Makes an error about one digest's text. */
  constructor(
    code: DigestErrorCode,
    message: string,
    digest: string,
    options?: OciErrorOptions,
  ) {
    super(code, message, options);
    this.digest = digest;
  }
}

/** The text does not have the form `algorithm:encoded`, or the encoded part has a wrong character. */
export class DigestInvalidFormatError extends DigestError {
  /** The class's name. */
  override readonly name = "DigestInvalidFormatError";
  /** Makes an error about one digest's text. */
  constructor(digest: string, reason: string) {
    super(
      "DIGEST_INVALID_FORMAT",
      `Cannot parse digest ${preview(digest)}: ${reason}`,
      digest,
    );
  }
}

/** The encoded part has not the length that the algorithm demands. */
export class DigestInvalidLengthError extends DigestError {
  /** The class's name. */
  override readonly name = "DigestInvalidLengthError";
  /** Makes an error about one digest's text. */
  constructor(digest: string, expected: number, actual: number) {
    super(
      "DIGEST_INVALID_LENGTH",
      `Cannot parse digest ${
        preview(digest)
      }: expected ${expected} hex digits, found ${actual}`,
      digest,
    );
  }
}

/** The grammar fits, but the algorithm is not one that can be computed here. */
export class DigestUnsupportedError extends DigestError {
  /** The class's name. */
  override readonly name = "DigestUnsupportedError";
  /** Makes an error about one digest's text or algorithm. */
  constructor(digest: string, algorithm: string) {
    super(
      "DIGEST_UNSUPPORTED",
      `Cannot use digest ${preview(digest)}: algorithm ${
        preview(algorithm)
      } is not supported`,
      digest,
    );
  }
}

/** No digest of a {@linkcode DigestSet} begins so. */
export class DigestNotFoundError extends DigestError {
  /** The class's name. */
  override readonly name = "DigestNotFoundError";
  /** Makes an error about one text that was looked up. */
  constructor(digest: string) {
    super(
      "DIGEST_NOT_FOUND",
      `Cannot find digest ${preview(digest)}: none in the set begins so`,
      digest,
    );
  }
}

/** More than one digest of a {@linkcode DigestSet} begins so. */
export class DigestAmbiguousError extends DigestError {
  /** The class's name. */
  override readonly name = "DigestAmbiguousError";
  /** Two of the digests that begin so. */
  readonly matches: readonly [string, string];
  /** Makes an error that names two digests that one text fits. */
  constructor(digest: string, matches: readonly [string, string]) {
    super(
      "DIGEST_AMBIGUOUS",
      `Cannot find digest ${
        preview(digest)
      }: more than one in the set begins so, as ${matches.join(" and ")}`,
      digest,
      { hint: "Give more digits, or the algorithm and a colon before them" },
    );
    this.matches = matches;
  }
}

/** What is wrong with content. */
export type ContentErrorCode = "DIGEST_MISMATCH" | "SIZE_MISMATCH";

/**
 * Content is not what its descriptor or its source promised.
 *
 * @example Meet both kinds
 * ```ts
 * import { ContentError, Digest, verifyStream } from "@gantry/oci/digest";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const digest = String(await Digest.fromString("hello"));
 * const codes: string[] = [];
 * for (const content of ["jello", "hell"]) {
 *   const stream = verifyStream(new Blob([content]).stream(), { digest, size: 5 });
 *   const read = () => new Response(stream).text();
 *   codes.push((await assertRejects(read, ContentError)).code);
 * }
 * assertEquals(codes, ["DIGEST_MISMATCH", "SIZE_MISMATCH"]);
 * ```
 */
export class ContentError extends OciError {
  /** The class's name. */
  override readonly name: string = "ContentError";
  /** What is wrong, for programs. */
  declare readonly code: ContentErrorCode;

  /** Makes an error about one content. */
  constructor(
    code: ContentErrorCode,
    message: string,
    options?: OciErrorOptions,
  ) {
    super(code, message, options);
  }
}

/** Content has another digest than it should have. */
export class DigestMismatchError extends ContentError {
  /** The class's name. */
  override readonly name = "DigestMismatchError";
  /** The digest that the content should have. */
  readonly expected: string;
  /** The digest that it has. */
  readonly actual: string;
  /** Makes an error that names both digests. */
  constructor(expected: string, actual: string) {
    super(
      "DIGEST_MISMATCH",
      `Cannot accept content: expected digest ${expected}, found ${actual}`,
    );
    this.expected = expected;
    this.actual = actual;
  }
}

/** Content is shorter or longer than it should be. */
export class SizeMismatchError extends ContentError {
  /** The class's name. */
  override readonly name = "SizeMismatchError";
  /** The size in bytes that the content should have. */
  readonly expected: number;
  /** The size in bytes seen; where content is too long, what had arrived when that was noticed. */
  readonly actual: number;
  /** Makes an error that names both sizes. */
  constructor(expected: number, actual: number, digest: string) {
    super(
      "SIZE_MISMATCH",
      `Cannot accept content ${digest}: expected ${expected} bytes, found ${
        actual > expected ? "at least " : ""
      }${actual}`,
    );
    this.expected = expected;
    this.actual = actual;
  }
}
