import { Checker, Path } from "./_checker.ts";
import type { ValidateOptions, ValidationIssue } from "./validation.ts";

/** The name of the file that marks a directory as an image layout. */
export const IMAGE_LAYOUT_FILE = "oci-layout";
/** The version of the image layout that is written. */
export const IMAGE_LAYOUT_VERSION = "1.0.0";

/** The content of an image layout's marker. Follows image-spec `image-layout.md`. */
export interface ImageLayout {
  /** The layout's version. */
  readonly imageLayoutVersion: string;
  /** Whatever else stood there. */
  readonly [key: string]: unknown;
}

/**
 * Lists what is wrong with an image layout's marker; an empty list says that it is
 * valid. At level `wire` any version 1 will do.
 *
 * Follows image-spec `image-layout.md` §oci-layout file.
 *
 * @example
 * ```ts
 * import { validateImageLayout } from "@gantry/oci/image";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(validateImageLayout({ imageLayoutVersion: "1.0.0" }), []);
 * assertEquals(validateImageLayout({ imageLayoutVersion: 1 }).length, 1);
 * ```
 */
export function validateImageLayout(
  value: unknown,
  options?: ValidateOptions,
): readonly ValidationIssue[] {
  const checker = new Checker(options);
  const path = new Path();
  const fields = checker.object(value, path);
  if (fields !== undefined) {
    const rule = checker.strict ? EXACT : ANY_FIRST;
    checker.pattern(fields, "imageLayoutVersion", path, rule, true);
  }
  return checker.issues;
}

const EXACT = { pattern: /^1\.0\.0$/, expected: '"1.0.0"' };
const ANY_FIRST = { pattern: /^1\.\d+\.\d+$/, expected: "a version 1" };
