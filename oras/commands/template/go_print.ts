import { formatFloat } from "./go_float.ts";
import { isMap, isNil, sortedKeys, typeName } from "./go_value.ts";

/** What cannot be seen, and what has a meaning between quotes. */
const UNSEEN = /[\\"\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;

/** A value as Go's `fmt.Print` shows it: maps sorted by key, `map[a:1 b:2]`, lists as `[1 2]`. */
export function show(value: unknown): string {
  if (isNil(value)) return "<nil>";
  if (Array.isArray(value)) return `[${value.map(show).join(" ")}]`;
  if (isMap(value)) {
    const pairs = sortedKeys(value).map((key) => `${key}:${show(value[key])}`);
    return `map[${pairs.join(" ")}]`;
  }
  return typeof value === "number" ? showNumber(value) : String(value);
}

/** Values as Go's `fmt.Print` puts them together: a space between two that are no strings. */
export function print(values: readonly unknown[]): string {
  return values.map((value, index) => {
    const isApart = index > 0 && typeof value !== "string" &&
      typeof values[index - 1] !== "string";
    return (isApart ? " " : "") + show(value);
  }).join("");
}

/** Values as Go's `fmt.Println` puts them together. */
export function println(values: readonly unknown[]): string {
  return `${values.map(show).join(" ")}\n`;
}

/**
 * A string in quotes, with what cannot be seen as escapes, as Go's `strconv.Quote`
 * gives it; or, as `strconv.QuoteToASCII` does, with all but ASCII as escapes.
 */
export function quote(text: string, isAscii = false): string {
  const inner = text.replace(
    isAscii ? /[\\"\x7f]|[^ -~]/gu : UNSEEN,
    (char) => {
      const known = '\\"\x07\b\f\n\r\t\v'.indexOf(char);
      if (known >= 0) return `\\${'\\"abfnrtv'[known]}`;
      const code = char.codePointAt(0)!;
      const hex = code.toString(16);
      if (code < 0x80) return `\\x${hex.padStart(2, "0")}`;
      return code > 0xffff
        ? `\\U${hex.padStart(8, "0")}`
        : `\\u${hex.padStart(4, "0")}`;
    },
  );
  return `"${inner}"`;
}

/** Integers in full; of others as few digits as tell them apart, as `%g` shows them. */
export function showNumber(value: number | bigint): string {
  if (typeof value === "bigint") return String(value);
  return Number.isInteger(value) && Math.abs(value) < 1e21
    ? String(value)
    : formatFloat("g", value, undefined)!;
}

/** A value with its type, as Go tells of one that does not fit. */
export function describe(value: unknown): string {
  if (isNil(value)) return "<nil>";
  return `${typeName(value)}=${show(value)}`;
}

/** A value as it would stand in a program, as Go's `%#v` shows it. */
export function goSyntax(value: unknown): string {
  if (isNil(value)) return "<nil>";
  const inner = (item: unknown) =>
    isNil(item) ? "interface {}(nil)" : goSyntax(item);
  if (Array.isArray(value)) {
    return `[]interface {}{${value.map(inner).join(", ")}}`;
  }
  if (isMap(value)) {
    const pairs = sortedKeys(value)
      .map((key) => `${quote(key)}:${inner(value[key])}`);
    return `map[string]interface {}{${pairs.join(", ")}}`;
  }
  return typeof value === "string" ? quote(value) : show(value);
}
