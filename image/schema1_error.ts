import { OciError, type OciErrorOptions } from "../digest/oci_error.ts";

/** What is wrong with the signatures of a schema 1 manifest, or with a key. */
export type Schema1ErrorCode =
  | "SCHEMA1_UNSIGNED"
  | "SCHEMA1_MALFORMED"
  | "SCHEMA1_UNVERIFIED"
  | "SCHEMA1_UNTRUSTED"
  | "SCHEMA1_KEY_INVALID";

/** A schema 1 manifest is not signed as it should be, or a key cannot sign one. */
export class Schema1Error extends OciError {
  /** The class's name. */
  override readonly name = "Schema1Error";
  /** What is wrong, for programs. */
  declare readonly code: Schema1ErrorCode;

  /**
   * Makes an error that says what could not be done and what was seen.
   *
   * @example
   * ```ts
   * import { Schema1Error } from "@gantry/oci/image";
   * import { assertEquals } from "@std/assert";
   *
   * const error = new Schema1Error(
   *   "SCHEMA1_UNSIGNED",
   *   "Cannot find signatures in schema 1 manifest: it has none",
   * );
   * assertEquals(error.code, "SCHEMA1_UNSIGNED");
   * ```
   */
  constructor(
    code: Schema1ErrorCode,
    message: string,
    options?: OciErrorOptions,
  ) {
    super(code, message, options);
  }
}
