import { Checker, Path } from "../image/_checker.ts";
import { parseJson } from "../image/parse_json.ts";
import {
  type ParseOptions,
  type ValidateOptions,
  ValidationError,
  type ValidationIssue,
} from "../image/validation.ts";
import { checkNames } from "./_check_names.ts";
import { isRepositoryName, isTag } from "./reference.ts";

/** One page of a repository's tags. Follows distribution-spec §Listing Tags. */
export interface TagList {
  /** The repository's name. */
  readonly name: string;
  /** The tags, in byte order or lexical order. */
  readonly tags: readonly string[];
  /** Whatever else stood there. */
  readonly [key: string]: unknown;
}

/**
 * Lists what is wrong with a page of tags; an empty list says that it is valid.
 *
 * At level `wire` only the tags count, each may be any text, and `null` or nothing
 * stands for none, as some registries have it.
 *
 * @example
 * ```ts
 * import { validateTagList } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * const page = { name: "team/app", tags: ["v1", "feature/x"] };
 * assertEquals(validateTagList(page), [
 *   { path: "$.tags[1]", expected: "a tag", actual: '"feature/x"' },
 * ]);
 * assertEquals(validateTagList(page, { level: "wire" }), []);
 * ```
 */
export function validateTagList(
  value: unknown,
  options?: ValidateOptions,
): readonly ValidationIssue[] {
  const checker = new Checker(options);
  const path = new Path();
  const fields = checker.object(value, path);
  if (fields === undefined) return checker.issues;
  if (checker.strict) {
    const name = checker.text(fields, "name", path, true);
    if (name !== undefined && !isRepositoryName(name)) {
      checker.add("$.name", "a repository's name", name);
    }
  }
  checkNames(checker, fields, "tags", { is: isTag, expected: "a tag" });
  return checker.issues;
}

/**
 * Checks that a value is a page of tags.
 *
 * @throws {ValidationError} It is none; the error lists every problem.
 *
 * @example
 * ```ts
 * import { assertTagList } from "@gantry/oci/distribution";
 *
 * assertTagList({ name: "team/app", tags: [] });
 * ```
 */
export function assertTagList(
  value: unknown,
  options?: ValidateOptions,
): asserts value is TagList {
  const issues = validateTagList(value, options);
  if (issues.length > 0) throw new ValidationError("tag list", issues);
}

/**
 * Parses a page of tags of at most 4 MiB, and checks it. `encodeJson` is the way back.
 * At level `wire` a name that is missing is empty, and missing tags are none.
 *
 * @throws {JsonError} The bytes are no acceptable JSON.
 * @throws {ValidationError} It is no page of tags.
 *
 * @example
 * ```ts
 * import { encodeJson } from "@gantry/oci/image";
 * import { parseTagList } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * const page = { name: "team/app", tags: ["v1"] };
 * assertEquals<unknown>(parseTagList(encodeJson(page)), page);
 * ```
 */
export function parseTagList(
  bytes: Uint8Array,
  options: ParseOptions = {},
): TagList {
  const { level = "wire", profile } = options;
  const value = parseJson(bytes);
  assertTagList(value, { level, profile });
  const { name, tags } = value;
  return {
    ...value,
    name: typeof name === "string" ? name : "",
    tags: tags ?? [],
  };
}
