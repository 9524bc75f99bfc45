/**
 * Whose rules names of files keep to: those of Windows, those of macOS (`darwin`), or
 * only what holds everywhere.
 */
export type FileNameRules = "posix" | "windows" | "darwin";

/** Marks that HFS+ leaves out of account where it compares names. */
const IGNORABLE = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g;
/** These have a plain letter as their capital, and are a letter of their own in names. */
const NO_PAIR: ReadonlySet<string> = new Set(["\u0131", "\u017f"]);

/**
 * What the usual file systems of a platform know a name by: two names with one key are
 * one file there. Windows leaves case out of account; macOS also how letters are
 * composed, and marks that are not seen. Elsewhere each name is its own key.
 *
 * @example
 * ```ts
 * import { nameKey } from "@gantry/oci/image/layer";
 * import { assertEquals, assertNotEquals } from "@std/assert";
 *
 * assertEquals(nameKey("README.md", "windows"), nameKey("Readme.MD", "windows"));
 * assertEquals(nameKey("caf\u00e9", "darwin"), nameKey("cafe\u0301", "darwin"));
 * assertNotEquals(nameKey("A", "posix"), nameKey("a", "posix"));
 * ```
 */
export function nameKey(name: string, rules: FileNameRules): string {
  switch (rules) {
    case "windows":
      return upperCase(name);
    case "darwin":
      return upperCase(withoutIgnorable(name).normalize("NFD")).normalize(
        "NFD",
      );
    default:
      return name;
  }
}

/** A name without the marks that HFS+ leaves out of account. */
export function withoutIgnorable(name: string): string {
  return name.replaceAll(IGNORABLE, "");
}

/** Capitals, one for one: file systems do not take `ß` for `SS`. */
function upperCase(name: string): string {
  let text = "";
  for (const letter of name) {
    const upper = letter.toUpperCase();
    text += upper.length === letter.length && !NO_PAIR.has(letter)
      ? upper
      : letter;
  }
  return text;
}
