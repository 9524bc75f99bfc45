import { namePattern } from "./_name_pattern.ts";
import type { NameRules, TagRules } from "./sync_config.ts";

/**
 * The names that rules let through, in the order given.
 *
 * A regular expression must match the whole name.
 *
 * @throws {SyntaxError} An expression is malformed.
 *
 * @example
 * ```ts
 * import { selectNames } from "@gantry/oci/oras";
 * import { assertEquals } from "@std/assert";
 *
 * const rules = { allow: ["team/.*"], deny: [".*-test"] };
 * assertEquals(selectNames(["team/app", "team/app-test", "other"], rules), [
 *   "team/app",
 * ]);
 * ```
 */
export function selectNames(
  names: readonly string[],
  rules: NameRules = {},
): string[] {
  const allow = rules.allow?.map(namePattern);
  const deny = rules.deny?.map(namePattern) ?? [];
  return names.filter((name) =>
    (allow === undefined || allow.some((pattern) => pattern.test(name))) &&
    !deny.some((pattern) => pattern.test(name))
  );
}

/**
 * The tags that rules let through, in the order given: with several rules, the tags
 * that one of them at least lets through.
 *
 * A tag is a version where it is made of one to three numbers, with a `v` in front or
 * not, and a suffix behind `-` or not: `3` and `v3.19-alpine` are `3.0.0` and
 * `3.19.0-alpine`. What has a suffix counts as any other version does.
 *
 * @throws {RangeError} A `semverRange` is no range of versions.
 * @throws {SyntaxError} An expression is malformed.
 *
 * @example
 * ```ts
 * import { selectTags } from "@gantry/oci/oras";
 * import { assertEquals } from "@std/assert";
 *
 * const tags = ["latest", "v1.1.0", "v1.2.0", "v1.2.0-alpine", "v2.0.0"];
 * const versions = { semverRange: ["^1.2"] };
 * assertEquals(await selectTags(tags, versions), ["v1.2.0", "v1.2.0-alpine"]);
 * assertEquals(await selectTags(tags, { ...versions, deny: [".*-.*"] }), ["v1.2.0"]);
 * assertEquals(
 *   await selectTags(tags, [{ ...versions, allow: [".*-alpine"] }, { allow: ["latest"] }]),
 *   ["latest", "v1.2.0-alpine"],
 * );
 * ```
 */
export async function selectTags(
  tags: readonly string[],
  rules: TagRules | readonly TagRules[] = {},
): Promise<string[]> {
  const taken = new Set<string>();
  for (const one of [rules].flat()) {
    const inRange = await versionsIn(tags, one.semverRange);
    for (const tag of selectNames(inRange, one)) taken.add(tag);
  }
  return tags.filter((tag) => taken.has(tag));
}

async function versionsIn(
  tags: readonly string[],
  semverRange: readonly string[] | undefined,
): Promise<readonly string[]> {
  if (semverRange === undefined) return tags;
  // Bundlers give a CommonJS module's names by its default only.
  const { default: { Range, parse } } = await import("semver");
  const ranges = semverRange.map((text) => {
    try {
      return new Range(text, { includePrerelease: true });
    } catch (cause) {
      throw new RangeError(
        `Cannot select tags: ${JSON.stringify(text)} is no range of versions`,
        { cause },
      );
    }
  });
  return tags.filter((tag) => {
    const version = parse(fullVersion(tag), { loose: true });
    return version !== null && ranges.some((range) => range.test(version));
  });
}

/** `v3.19-alpine` with the numbers that it leaves out. */
function fullVersion(tag: string): string {
  const [, numbers, suffix = ""] = /^v?(\d+(?:\.\d+){0,2})(-.+)?$/.exec(tag) ??
    [];
  if (numbers === undefined) return "";
  const parts = numbers.split(".").map((part) => part.replace(/^0+(?=.)/, ""));
  while (parts.length < 3) parts.push("0");
  return parts.join(".") + suffix;
}
