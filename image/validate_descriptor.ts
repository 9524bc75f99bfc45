import { Digest } from "../digest/digest.ts";
import { DigestError, DigestUnsupportedError } from "../digest/errors.ts";
import { Checker, type Fields, Path, type Rule } from "./_checker.ts";
import type { Descriptor } from "./descriptor.ts";
import {
  type ValidateOptions,
  ValidationError,
  type ValidationIssue,
} from "./validation.ts";

/** The grammar of a media type's two halves, RFC 6838 §4.2. */
const NAME = "[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}";
/** What a media type must look like. */
export const MEDIA_TYPE: Rule = {
  pattern: new RegExp(`^${NAME}/${NAME}$`),
  expected: "a media type",
};

/**
 * Lists what is wrong with a descriptor; an empty list says that it is valid.
 *
 * Follows image-spec `descriptor.md`. A digest of an algorithm that cannot be
 * computed here is accepted, as the specification asks.
 *
 * @example
 * ```ts
 * import { validateDescriptor } from "@gantry/oci/image";
 * import { assertEquals } from "@std/assert";
 *
 * const issues = validateDescriptor({ mediaType: "text/plain", digest: "sha256:1", size: -1 });
 * assertEquals(issues.map((issue) => issue.path), ["$.digest", "$.size"]);
 * ```
 */
export function validateDescriptor(
  value: unknown,
  options?: ValidateOptions,
): readonly ValidationIssue[] {
  const checker = new Checker(options);
  checkDescriptor(checker, value, new Path());
  return checker.issues;
}

/**
 * Checks that a value is a descriptor.
 *
 * @throws {ValidationError} It is none; the error lists every problem.
 *
 * @example
 * ```ts
 * import { assertDescriptor, EMPTY_DESCRIPTOR } from "@gantry/oci/image";
 *
 * assertDescriptor(EMPTY_DESCRIPTOR);
 * ```
 */
export function assertDescriptor(
  value: unknown,
  options?: ValidateOptions,
): asserts value is Descriptor {
  const issues = validateDescriptor(value, options);
  if (issues.length > 0) throw new ValidationError("descriptor", issues);
}

/** Checks a descriptor that stands somewhere in a document. */
export function checkDescriptor(
  checker: Checker,
  value: unknown,
  path: Path,
): void {
  const fields = checker.object(value, path);
  if (fields === undefined) return;
  if (checker.strict) {
    checker.pattern(fields, "mediaType", path, MEDIA_TYPE, true);
  } else {
    checker.text(fields, "mediaType", path, true);
  }
  checkDigest(checker, fields, "digest", path);
  checkSize(checker, fields, path);
  checker.texts(fields, "urls", path, checker.strict ? URL_RULE : undefined);
  checker.textMap(fields, "annotations", path);
  checkData(checker, fields, path);
  checkPlatform(checker, fields, path);
  if (checker.strict) {
    checker.pattern(fields, "artifactType", path, MEDIA_TYPE);
  } else checker.text(fields, "artifactType", path);
}

const COMMON_DIGEST = /^sha256:[a-f0-9]{64}$/;

/** Checks a digest that must be there. */
export function checkDigest(
  checker: Checker,
  fields: Fields,
  key: string,
  path: Path,
): void {
  const digest = checker.text(fields, key, path, true);
  const expected = digest && digestProblem(digest);
  if (expected) checker.add(path.child(key).text(), expected, digest);
}

/** What a text should be that is no digest; undefined where it is one. */
export function digestProblem(text: string): string | undefined {
  if (COMMON_DIGEST.test(text)) return undefined;
  try {
    Digest.parse(text);
  } catch (error) {
    if (error instanceof DigestUnsupportedError) return undefined;
    if (!(error instanceof DigestError)) throw error;
    return error.code === "DIGEST_INVALID_LENGTH"
      ? "a digest of its algorithm's length"
      : "a digest, algorithm:encoded";
  }
  return undefined;
}

function checkSize(checker: Checker, fields: Fields, path: Path): void {
  const size = fields["size"];
  if (typeof size === "number" && Number.isSafeInteger(size) && size >= 0) {
    return;
  }
  // Beyond 2^53 a double has been rounded, and would compare equal to other sizes.
  checker.add(path.child("size").text(), "an integer from 0 to 2^53 - 1", size);
}

const URL_RULE: Rule = {
  pattern: /^[A-Za-z][A-Za-z0-9+.-]*:[^\s<>"{}|\\^`]+$/,
  expected: "a URI",
};

const BASE64 =
  /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function checkData(checker: Checker, fields: Fields, path: Path): void {
  const data = checker.text(fields, "data", path);
  if (data === undefined || !checker.strict) return;
  if (!BASE64.test(data)) {
    checker.add(path.child("data").text(), "base64", data);
    return;
  }
  const padding = data.endsWith("==") ? 2 : data.endsWith("=") ? 1 : 0;
  const length = data.length / 4 * 3 - padding;
  if (typeof fields["size"] === "number" && fields["size"] !== length) {
    checker.add(
      path.child("data").text(),
      `base64 of ${fields["size"]} bytes`,
      data,
    );
  }
}

function checkPlatform(checker: Checker, fields: Fields, path: Path): void {
  const value = fields["platform"];
  if (value === undefined || value === null) return;
  const place = path.child("platform");
  const platform = checker.object(value, place);
  if (platform === undefined) return;
  checker.text(platform, "architecture", place, checker.strict);
  checker.text(platform, "os", place, checker.strict);
  checker.text(platform, "os.version", place);
  checker.texts(platform, "os.features", place);
  checker.text(platform, "variant", place);
}
