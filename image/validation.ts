import { OciError } from "../digest/oci_error.ts";

/** One problem of a document. */
export interface ValidationIssue {
  /** Where, in the style of RFC 9535: `$.layers[0].digest`. */
  readonly path: string;
  /** What should stand there. */
  readonly expected: string;
  /** What does stand there, as JSON cut at 80 characters, or `nothing`. */
  readonly actual: string;
}

/**
 * How strictly a model is checked.
 *
 * `wire` is what a client and a server must accept to work with the content at all:
 * types, digests and sizes are right, and nothing is ambiguous. `schema` is what a
 * validator must say: all of the specification's rules.
 */
export type ValidationLevel = "wire" | "schema";

/** Options of the `validate…` functions. */
export interface ValidateOptions {
  /**
   * How strictly.
   *
   * @default {"schema"}
   */
  readonly level?: ValidationLevel | undefined;
  /**
   * Which media types a manifest's config and layers may have: `any` admits
   * artifacts, `image` demands those of images.
   *
   * @default {"any"}
   */
  readonly profile?: "any" | "image" | undefined;
}

/** Options of the `parse…` functions, which read what others wrote. */
export interface ParseOptions extends ValidateOptions {
  /**
   * How strictly it is checked.
   *
   * @default {"wire"}
   */
  readonly level?: ValidationLevel | undefined;
}

/** A document is not what the specification says. It lists every problem found. */
export class ValidationError extends OciError {
  /** The class's name. */
  override readonly name = "ValidationError";
  /** All problems, in the document's order of fields. */
  readonly issues: readonly ValidationIssue[];

  /**
   * Makes an error from at least one issue; `what` says what kind of document it is.
   *
   * @example
   * ```ts
   * import { ValidationError } from "@gantry/oci/image";
   * import { assertEquals } from "@std/assert";
   *
   * const error = new ValidationError("descriptor", [
   *   { path: "$.size", expected: "an integer from 0", actual: "-1" },
   * ]);
   * assertEquals(error.message, "Cannot accept descriptor: $.size: expected an integer from 0, found -1");
   * ```
   */
  constructor(
    what: string,
    issues: readonly ValidationIssue[],
    options?: ErrorOptions,
  ) {
    super("VALIDATION_FAILED", describe(what, issues), options);
    this.issues = issues;
  }
}

function describe(what: string, issues: readonly ValidationIssue[]): string {
  const [first] = issues;
  if (first === undefined) return `Cannot accept ${what}`;
  const more = issues.length - 1;
  return `Cannot accept ${what}: ${first.path}: expected ${first.expected}, ` +
    `found ${first.actual}` +
    (more === 0 ? "" : ` (and ${more} more problem${more === 1 ? "" : "s"})`);
}
