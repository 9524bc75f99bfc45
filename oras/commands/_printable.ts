/**
 * A text of a stranger, such as a title or a registry's message, as it may go to a
 * terminal: control characters, which could move its cursor or forge lines, become
 * `?`, and so do those that turn the direction of writing or take no room, and make a
 * name read as another.
 */
export function printable(text: string): string {
  return text.replace(
    // deno-lint-ignore no-control-regex
    /[\x00-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2060\u2066-\u2069\ufeff]/g,
    "?",
  );
}

/**
 * JSON as it may go to a terminal: the same characters are escaped, which leaves its
 * meaning as it is. Whatever is no JSON is escaped likewise.
 */
export function printableJson(json: string): string {
  return json.replace(
    // deno-lint-ignore no-control-regex
    /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2060\u2066-\u2069\ufeff]|\r(?!\n)/g,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
