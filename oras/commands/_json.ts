import { compareCodePoints } from "../../image/_code_points.ts";

/** JSON with two spaces of indent and the escapes of Go's encoder, without a last line feed. */
export function prettyJson(value: unknown): string {
  return indentJson(compactJson(value));
}

/** JSON on one line with the escapes of Go's encoder. */
export function compactJson(value: unknown): string {
  return escapeHtml(plainJson(value));
}

/** JSON on one line that escapes only what JSON demands. */
export function plainJson(value: unknown): string {
  // An integer beyond 2^53 is read as a bigint.
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) {
    return JSON.stringify(value) ?? "null";
  }
  if (Array.isArray(value)) return `[${value.map(plainJson).join()}]`;
  if ("toJSON" in value && typeof value.toJSON === "function") {
    return plainJson(value.toJSON());
  }
  const members = inOrder(Object.entries(value))
    .filter(([, item]) => item !== undefined)
    .map(([key, item]) => `${JSON.stringify(key)}:${plainJson(item)}`);
  return `{${members.join()}}`;
}

type Entry = [key: string, item: unknown];

/** A key that comes before others in every object, whenever it was set. */
const INDEX = /^(?:0|[1-9]\d{0,9})$/;

/** Members as they were set, or, where that is not known, sorted by their keys. */
function inOrder(entries: Entry[]): Entry[] {
  return entries.some(([key]) => INDEX.test(key))
    ? entries.sort(byKey)
    : entries;
}

function byKey([a]: Entry, [b]: Entry): number {
  return compareCodePoints(a, b);
}

/** A copy whose objects have their keys in the order of Go's, at all depths. */
export function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).sort(byKey)
      .map(([key, item]) => [key, sortKeys(item)]),
  );
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

/** These characters stand only inside strings. */
function escapeHtml(json: string): string {
  return json.replace(
    /[<>&\u2028\u2029]/g,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
