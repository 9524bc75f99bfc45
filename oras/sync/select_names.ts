import type { NameRules, TagRules } from "./sync_config.ts";

/**
 * The names that rules let through, in the order given.
 *
 * A regular expression must match the whole name.
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
  const allow = rules.allow?.map(wholeName);
  const deny = rules.deny?.map(wholeName) ?? [];
  return names.filter((name) =>
    (allow === undefined || allow.some((pattern) => pattern.test(name))) &&
    !deny.some((pattern) => pattern.test(name))
  );
}

/**
 * The tags that rules let through, in the order given.
 *
 * @throws {RangeError} A `semverRange` is no range of versions.
 *
 * @example
 * ```ts
 * import { selectTags } from "@gantry/oci/oras";
 * import { assertEquals } from "@std/assert";
 *
 * const tags = ["latest", "v1.1.0", "v1.2.0", "v1.3.0-rc.1", "v2.0.0"];
 * assertEquals(await selectTags(tags, { semverRange: ["^1.2"] }), ["v1.2.0"]);
 * assertEquals(
 *   await selectTags(tags, { semverRange: ["^1.2"], allow: ["latest"] }),
 *   ["latest", "v1.2.0"],
 * );
 * ```
 */
export async function selectTags(
  tags: readonly string[],
  rules: TagRules = {},
): Promise<string[]> {
  const { allow, deny, semverRange } = rules;
  if (semverRange === undefined) return selectNames(tags, rules);
  // Bundlers give a CommonJS module's names by its default only.
  const { default: { Range, satisfies, valid } } = await import("semver");
  const ranges = semverRange.map((text) => {
    try {
      return new Range(text);
    } catch (cause) {
      throw new RangeError(
        `Cannot select tags: ${JSON.stringify(text)} is no range of versions`,
        { cause },
      );
    }
  });
  const named = new Set(selectNames(tags, { allow: allow ?? [] }));
  const versions = tags.filter((tag) =>
    valid(tag) !== null && ranges.some((range) => satisfies(tag, range))
  );
  const taken = new Set([...named, ...versions]);
  return selectNames(tags.filter((tag) => taken.has(tag)), { deny });
}

function wholeName(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern})$`, "v");
}
