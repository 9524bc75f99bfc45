import { Checker, Path } from "../image/_checker.ts";
import { parseJson } from "../image/parse_json.ts";
import {
  type ParseOptions,
  type ValidateOptions,
  ValidationError,
  type ValidationIssue,
} from "../image/validation.ts";
import type { ErrorInfo } from "./errors.ts";

/** The body of an answer that tells of errors. Follows distribution-spec §Error Codes. */
export interface ErrorResponse {
  /** The errors. */
  readonly errors: readonly ErrorInfo[];
  /** Whatever else stood there. */
  readonly [key: string]: unknown;
}

/** The most that is read of an error body: 64 KiB. */
export const MAX_ERROR_SIZE: number = 64 * 1024;

/**
 * Lists what is wrong with one error of an error body; an empty list says that it is valid.
 *
 * A registry may have codes of its own, and may add any JSON as `detail`. At level
 * `wire` a code that is a text is enough.
 *
 * @example
 * ```ts
 * import { validateErrorInfo } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * const issues = validateErrorInfo({ code: "not found", message: 1 });
 * assertEquals(issues.map(({ path }) => path), ["$.code", "$.message"]);
 * ```
 */
export function validateErrorInfo(
  value: unknown,
  options?: ValidateOptions,
): readonly ValidationIssue[] {
  const checker = new Checker(options);
  checkErrorInfo(checker, value, new Path());
  return checker.issues;
}

/**
 * Lists what is wrong with an error body; an empty list says that it is valid.
 *
 * @example
 * ```ts
 * import { ErrorCodes, validateErrorResponse } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(validateErrorResponse({ errors: [{ code: ErrorCodes.denied }] }), []);
 * assertEquals(validateErrorResponse({ error: "denied" })[0]?.path, "$.errors");
 * ```
 */
export function validateErrorResponse(
  value: unknown,
  options?: ValidateOptions,
): readonly ValidationIssue[] {
  const checker = new Checker(options);
  const path = new Path();
  const fields = checker.object(value, path);
  const errors = fields && checker.array(fields, "errors", path, true);
  errors?.forEach((error, index) =>
    checkErrorInfo(checker, error, path.child("errors").child(index))
  );
  return checker.issues;
}

/**
 * Checks that a value is an error body.
 *
 * @throws {ValidationError} It is none; the error lists every problem.
 *
 * @example
 * ```ts
 * import { assertErrorResponse } from "@gantry/oci/distribution";
 *
 * assertErrorResponse({ errors: [{ code: "DENIED", message: "read only" }] });
 * ```
 */
export function assertErrorResponse(
  value: unknown,
  options?: ValidateOptions,
): asserts value is ErrorResponse {
  const issues = validateErrorResponse(value, options);
  if (issues.length > 0) throw new ValidationError("error response", issues);
}

/**
 * Parses an error body of at most 64 KiB, and checks it. `encodeJson` is the way back.
 *
 * @throws {JsonError} The bytes are no acceptable JSON.
 * @throws {ValidationError} It is no error body.
 *
 * @example
 * ```ts
 * import { encodeJson } from "@gantry/oci/image";
 * import { parseErrorResponse } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * const body = { errors: [{ code: "DENIED", detail: { name: "team/app" } }] };
 * assertEquals<unknown>(parseErrorResponse(encodeJson(body)), body);
 * ```
 */
export function parseErrorResponse(
  bytes: Uint8Array,
  options: ParseOptions = {},
): ErrorResponse {
  const { level = "wire", profile } = options;
  const value = parseJson(bytes, { maxSize: MAX_ERROR_SIZE });
  assertErrorResponse(value, { level, profile });
  return value;
}

function checkErrorInfo(checker: Checker, value: unknown, path: Path): void {
  const fields = checker.object(value, path);
  if (fields === undefined) return;
  checker.pattern(fields, "code", path, checker.strict ? CODE : TEXT, true);
  if (checker.strict) checker.text(fields, "message", path);
}

const CODE = {
  pattern: /^[A-Z_]+$/,
  expected: "a code of capital letters and _",
};
const TEXT = { pattern: /./s, expected: "a code" };
