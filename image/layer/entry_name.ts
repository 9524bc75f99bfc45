import { UnsafeEntryError } from "./errors.ts";
import { type FileNameRules, withoutIgnorable } from "./name_rules.ts";

/** Options of {@linkcode parseEntryName}. */
export interface EntryNameOptions {
  /**
   * The longest name, in UTF-8 bytes.
   *
   * @default {4096}
   */
  readonly maxLength?: number;
  /**
   * Whose rules the name must also keep to. On Windows: no backslash, colon, name of
   * a device, or dot or space at the end of a part. On macOS: no `.` or `..` behind
   * marks that HFS+ does not see.
   *
   * @default {"posix"}
   */
  readonly rules?: FileNameRules | undefined;
}

/** The names that mean devices on Windows, whatever extension or spaces follow. */
const DEVICES =
  /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(?:\.|$)/i;
// deno-lint-ignore no-control-regex -- Windows excludes the control characters too.
const WINDOWS_FORBIDDEN = /[\u0000-\u001f<>:"|?*\\]/;

/**
 * Splits the name of an archive's entry into its parts, and refuses what could
 * reach out of a directory. `.` and repeated or trailing slashes do not count; the
 * root itself has no parts.
 *
 * @throws {UnsafeEntryError} The name is empty, absolute, too long, not UTF-8, or has `..` or NUL in it.
 *
 * @example
 * ```ts
 * import { parseEntryName, UnsafeEntryError } from "@gantry/oci/image/layer";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(parseEntryName("./usr//bin/"), ["usr", "bin"]);
 * assertThrows(() => parseEntryName("usr/../../etc"), UnsafeEntryError);
 * ```
 */
export function parseEntryName(
  name: string,
  options: EntryNameOptions = {},
): readonly string[] {
  const { maxLength = 4096, rules = "posix" } = options;
  if (name === "") throw new UnsafeEntryError(name, "expected a name");
  if (name.includes("\0")) {
    throw new UnsafeEntryError(name, "expected no NUL character");
  }
  if (!name.isWellFormed()) {
    throw new UnsafeEntryError(name, "expected a name in UTF-8");
  }
  if (utf8Length(name, maxLength) > maxLength) {
    throw new UnsafeEntryError(
      name,
      `expected a name of at most ${maxLength} bytes`,
    );
  }
  if (name.startsWith("/")) {
    throw new UnsafeEntryError(name, "expected a relative path");
  }
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  for (const part of parts) {
    if (part === "..") {
      throw new UnsafeEntryError(name, 'expected no ".." in the path');
    }
    if (rules === "windows") checkWindows(name, part);
    if (rules === "darwin" && /^\.{0,2}$/.test(withoutIgnorable(part))) {
      throw new UnsafeEntryError(
        name,
        "expected no part that is a dot or nothing apart from unseen marks",
      );
    }
  }
  return parts;
}

function checkWindows(name: string, part: string): void {
  if (WINDOWS_FORBIDDEN.test(part)) {
    throw new UnsafeEntryError(
      name,
      "expected no character that Windows gives a meaning",
    );
  }
  if (/[. ]$/.test(part)) {
    throw new UnsafeEntryError(
      name,
      "expected no dot or space at the end of a part, which Windows drops",
    );
  }
  if (DEVICES.test(part)) {
    throw new UnsafeEntryError(name, "expected no name of a Windows device");
  }
}

/** The length in UTF-8, found without encoding where it cannot exceed the limit. */
function utf8Length(text: string, limit: number): number {
  return text.length * 3 <= limit
    ? text.length
    : new TextEncoder().encode(text).byteLength;
}
