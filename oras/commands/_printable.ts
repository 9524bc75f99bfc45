/**
 * A text of a stranger, such as a title or a registry's message, as it may go to a
 * terminal: control characters, which could move its cursor or forge lines, become
 * `?`, and so do those that turn the direction of writing and make a name read as
 * another.
 */
export function printable(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, "?");
}
