import { Checker, Path } from "../image/_checker.ts";
import { parseJson } from "../image/parse_json.ts";
import {
  type ParseOptions,
  type ValidateOptions,
  ValidationError,
  type ValidationIssue,
} from "../image/validation.ts";
import { checkNames } from "./_check_names.ts";
import { isRepositoryName } from "./reference.ts";

/**
 * One page of a registry's repositories, as `GET /v2/_catalog` gives it. The
 * specification leaves that to registries; the form is docker's.
 */
export interface RepositoryList {
  /** The repositories' names. */
  readonly repositories: readonly string[];
  /** Whatever else stood there. */
  readonly [key: string]: unknown;
}

/**
 * Lists what is wrong with a page of repositories; an empty list says that it is valid.
 *
 * At level `wire` each name may be any text, and `null` or nothing stands for none.
 *
 * @example
 * ```ts
 * import { validateRepositoryList } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * const issues = validateRepositoryList({ repositories: ["team/app", "Team"] });
 * assertEquals(issues.map(({ path }) => path), ["$.repositories[1]"]);
 * ```
 */
export function validateRepositoryList(
  value: unknown,
  options?: ValidateOptions,
): readonly ValidationIssue[] {
  const checker = new Checker(options);
  const fields = checker.object(value, new Path());
  if (fields === undefined) return checker.issues;
  const rule = { is: isRepositoryName, expected: "a repository's name" };
  checkNames(checker, fields, "repositories", rule);
  return checker.issues;
}

/**
 * Checks that a value is a page of repositories.
 *
 * @throws {ValidationError} It is none; the error lists every problem.
 *
 * @example
 * ```ts
 * import { assertRepositoryList } from "@gantry/oci/distribution";
 *
 * assertRepositoryList({ repositories: ["library/alpine"] });
 * ```
 */
export function assertRepositoryList(
  value: unknown,
  options?: ValidateOptions,
): asserts value is RepositoryList {
  const issues = validateRepositoryList(value, options);
  if (issues.length > 0) throw new ValidationError("repository list", issues);
}

/**
 * Parses a page of repositories of at most 4 MiB, and checks it. `encodeJson` is the
 * way back. At level `wire` repositories that are missing are none.
 *
 * @throws {JsonError} The bytes are no acceptable JSON.
 * @throws {ValidationError} It is no page of repositories.
 *
 * @example
 * ```ts
 * import { encodeJson } from "@gantry/oci/image";
 * import { parseRepositoryList } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * const page = { repositories: ["team/app"] };
 * assertEquals<unknown>(parseRepositoryList(encodeJson(page)), page);
 * ```
 */
export function parseRepositoryList(
  bytes: Uint8Array,
  options: ParseOptions = {},
): RepositoryList {
  const { level = "wire", profile } = options;
  const value = parseJson(bytes);
  assertRepositoryList(value, { level, profile });
  return { ...value, repositories: value.repositories ?? [] };
}
