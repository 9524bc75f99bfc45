import { preview } from "../digest/_preview.ts";
import { OciError, type OciErrorOptions } from "../digest/oci_error.ts";

/** What kind of mistake a reference's text has. */
export type ReferenceErrorCode =
  | "REFERENCE_INVALID_FORMAT"
  | "REFERENCE_NAME_EMPTY"
  | "REFERENCE_NAME_TOO_LONG"
  | "REFERENCE_NAME_UPPERCASE"
  | "REFERENCE_REGISTRY_INVALID"
  | "REFERENCE_TAG_INVALID"
  | "REFERENCE_DIGEST_INVALID";

/**
 * A text is no reference, or one of its parts is malformed.
 *
 * @example
 * ```ts
 * import { InvalidReferenceError, Reference } from "@gantry/oci/distribution";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const error = assertThrows(
 *   () => Reference.parse("ghcr.io/Team/app:v1"),
 *   InvalidReferenceError,
 * );
 * assertEquals(error.code, "REFERENCE_NAME_UPPERCASE");
 * ```
 */
export class InvalidReferenceError extends OciError {
  /** The class's name. */
  override readonly name = "InvalidReferenceError";
  /** Which part is wrong. */
  declare readonly code: ReferenceErrorCode;
  /** The text, without a user in front of the host. */
  readonly reference: string;

  /** Makes an error about one reference's text. */
  constructor(
    code: ReferenceErrorCode,
    reference: string,
    reason: string,
    options?: OciErrorOptions,
  ) {
    super(
      code,
      `Cannot parse reference ${preview(reference)}: ${reason}`,
      options,
    );
    this.reference = reference;
  }
}
