/** JSON with two spaces of indent and the escapes of Go's encoder, without a last line feed. */
export function prettyJson(value: unknown): string {
  return escapeHtml(JSON.stringify(value, exactly, 2));
}

/** JSON on one line with the escapes of Go's encoder. */
export function compactJson(value: unknown): string {
  return escapeHtml(plainJson(value));
}

/** JSON on one line that escapes only what JSON demands. */
export function plainJson(value: unknown): string {
  return JSON.stringify(value, exactly);
}

/** A copy whose objects have their keys in alphabetical order, at all depths. */
export function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value)
    .sort(([a], [b]) => a < b ? -1 : 1)
    .map(([key, item]) => [key, sortKeys(item)]);
  return Object.fromEntries(entries);
}

/**
 * Indents a JSON text and changes nothing else: keys, numbers and escapes stay as
 * they were written.
 */
export function indentJson(text: string): string {
  let depth = 0;
  const open = (bracket: string) => `${bracket}\n${"  ".repeat(++depth)}`;
  const close = (bracket: string) => `\n${"  ".repeat(--depth)}${bracket}`;
  return text.replace(TOKEN, (token) => {
    switch (token[0]) {
      case "{":
      case "[":
        return token.length > 1 ? token[0] + token.at(-1)! : open(token);
      case "}":
      case "]":
        return close(token);
      case ",":
        return `,\n${"  ".repeat(depth)}`;
      case ":":
        return ": ";
      case '"':
        return token;
      default:
        return "";
    }
  });
}

/** A string; an empty object or list; a bracket, comma or colon; or white space. */
const TOKEN = /"(?:[^"\\]|\\.)*"|\{\s*\}|\[\s*\]|[{}[\],:]|\s+/gs;

/**
 * These characters stand only inside strings. Beside those that Go escapes they are
 * those that would steer a terminal, or turn the direction of writing.
 */
function escapeHtml(json: string): string {
  return json.replace(
    /[<>&\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** An integer beyond 2^53 is read as a bigint, which has no JSON form of itself. */
function exactly(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? rawJson(String(value)) : value;
}

const { rawJSON: rawJson } = JSON as typeof JSON & {
  rawJSON(text: string): unknown;
};
