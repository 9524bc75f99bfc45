import { Checker, isFields, Path } from "./_checker.ts";
import { AnnotationKeys } from "./annotations.ts";
import { parseJson } from "./parse_json.ts";
import {
  type ParseOptions,
  type ValidateOptions,
  ValidationError,
  type ValidationIssue,
} from "./validation.ts";
import { checkIndex } from "./validate_manifest.ts";

/** The name of the file that marks a directory as an image layout. */
export const IMAGE_LAYOUT_FILE = "oci-layout";
/** The name of the file that lists what an image layout holds. */
export const IMAGE_INDEX_FILE = "index.json";
/** The directory of an image layout that its content is in. */
export const IMAGE_BLOBS_DIRECTORY = "blobs";
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

/**
 * Checks that a value is an image layout's marker.
 *
 * @throws {ValidationError} It is none; the error lists every problem.
 *
 * @example
 * ```ts
 * import { assertImageLayout } from "@gantry/oci/image";
 *
 * assertImageLayout({ imageLayoutVersion: "1.0.0" });
 * ```
 */
export function assertImageLayout(
  value: unknown,
  options?: ValidateOptions,
): asserts value is ImageLayout {
  const issues = validateImageLayout(value, options);
  if (issues.length > 0) throw new ValidationError("image layout", issues);
}

/**
 * Parses an image layout's marker, and checks it.
 *
 * @throws {JsonError} The bytes are no acceptable JSON.
 * @throws {ValidationError} It is no marker, or of a version that is not known.
 *
 * @example
 * ```ts
 * import { encodeJson, parseImageLayout } from "@gantry/oci/image";
 * import { assertEquals } from "@std/assert";
 *
 * const layout = { imageLayoutVersion: "1.0.0" };
 * assertEquals<unknown>(parseImageLayout(encodeJson(layout)), layout);
 * ```
 */
export function parseImageLayout(
  bytes: Uint8Array,
  options: ParseOptions = {},
): ImageLayout {
  const { level = "wire", profile } = options;
  const value = parseJson(bytes);
  assertImageLayout(value, { level, profile });
  return value;
}

/**
 * Lists what is wrong with the `index.json` of an image layout: what
 * {@linkcode validateIndex} finds, and names of references that are none.
 *
 * Follows image-spec `image-layout.md` §index.json file and `annotations.md` for
 * `org.opencontainers.image.ref.name`.
 *
 * @example
 * ```ts
 * import { EMPTY_DESCRIPTOR, validateLayoutIndex } from "@gantry/oci/image";
 * import { assertEquals } from "@std/assert";
 *
 * const named = (name: string) => ({
 *   ...EMPTY_DESCRIPTOR,
 *   annotations: { "org.opencontainers.image.ref.name": name },
 * });
 * const index = { schemaVersion: 2, manifests: [named("v1.0"), named("/v1")] };
 * assertEquals(validateLayoutIndex(index).map((issue) => issue.path), [
 *   "$.manifests[1].annotations['org.opencontainers.image.ref.name']",
 * ]);
 * ```
 */
export function validateLayoutIndex(
  value: unknown,
  options?: ValidateOptions,
): readonly ValidationIssue[] {
  const checker = new Checker(options);
  checkIndex(checker, value);
  const manifests = isFields(value) ? value["manifests"] : undefined;
  if (!checker.strict || !Array.isArray(manifests)) return checker.issues;
  manifests.forEach((item, index) => {
    const annotations = isFields(item) ? item["annotations"] : undefined;
    if (!isFields(annotations)) return;
    const path = new Path().child("manifests").child(index);
    checker.pattern(
      annotations,
      AnnotationKeys.refName,
      path.child("annotations"),
      REF_NAME,
    );
  });
  return checker.issues;
}

const REF_NAME = {
  pattern:
    /^[A-Za-z0-9]+(?:(?:[-._:@+]|--)[A-Za-z0-9]+)*(?:\/[A-Za-z0-9]+(?:(?:[-._:@+]|--)[A-Za-z0-9]+)*)*$/,
  expected: "the name of a reference",
};
const EXACT = { pattern: /^1\.0\.0$/, expected: '"1.0.0"' };
const ANY_FIRST = { pattern: /^1\.\d+\.\d+$/, expected: "a version 1" };
