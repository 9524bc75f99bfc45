/** How an {@linkcode OciError} is built. */
export interface OciErrorOptions extends ErrorOptions {
  /** What the reader can do about it, where that is known. */
  readonly hint?: string | undefined;
}

/**
 * The base of every error that this package throws on bad input or bad content.
 *
 * Mistakes in how a function is called stay `TypeError` and `RangeError`, and an
 * abort surfaces as the signal's own reason. `code` tells errors apart where
 * `instanceof` cannot, because two copies of the package are loaded.
 *
 * @example Tell errors apart
 * ```ts
 * import { Digest, OciError } from "@gantry/oci";
 * import { assert, assertEquals } from "@std/assert";
 *
 * try {
 *   Digest.parse("sha256:abc");
 * } catch (error) {
 *   assert(error instanceof OciError);
 *   assertEquals(error.code, "DIGEST_INVALID_LENGTH");
 * }
 * ```
 */
export class OciError extends Error {
  /** The class's name, stable under minification. */
  override readonly name: string = "OciError";
  /** A stable upper-case word for programs. */
  readonly code: string;
  /** What the reader can do about it, where that is known. */
  readonly hint: string | undefined;

  /** Makes an error with a code, a message for people, and a cause. */
  constructor(code: string, message: string, options: OciErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.hint = options.hint;
  }
}
