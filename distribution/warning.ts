/** `299 agent "text"`, where the one before has ended. */
const WARNING = /\s*(\d{3})\s+(\S+)\s+"((?:[^"\\]|\\.)*)"[^,]*(?:,|$)/y;
/** What a registry may send at most over all its warnings, in UTF-16 units. Distribution-spec §Warnings. */
const MAX_LENGTH = 4096;

/**
 * Reads the warnings out of a `Warning` header: the texts of those with code 299,
 * the only one that registries use (distribution-spec §Warnings, RFC 7234 §5.5).
 *
 * Several warnings in one line are told apart, whatever stands in their quotes. What
 * follows a malformed one is left out, and so is what is beyond 4096 characters.
 *
 * @example
 * ```ts
 * import { parseWarnings } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   parseWarnings('299 - "Quota is 90 % used, see \\"usage\\"", 299 - "Read only soon"'),
 *   ['Quota is 90 % used, see "usage"', "Read only soon"],
 * );
 * ```
 */
export function parseWarnings(header: string | null | undefined): string[] {
  const text = (header ?? "").slice(0, MAX_LENGTH);
  const found: string[] = [];
  WARNING.lastIndex = 0;
  for (;;) {
    const match = WARNING.exec(text);
    if (match === null) return found;
    const [, code, , quoted = ""] = match;
    if (code === "299") found.push(quoted.replace(/\\(.)/g, "$1"));
  }
}
