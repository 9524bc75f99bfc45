import { encodeHex } from "@std/encoding/hex";
import { isMap, isNil, sortedKeys, typeName } from "./go_value.ts";

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
 * Values put into a format, as Go's `fmt.Printf` does: `%v %d %s %q %t %f %e %g %x %X
 * %o %b %c %T %%` with flags, width and precision. What does not fit is told in the
 * result, as `%!d(string=a)`.
 */
export function printf(format: string, values: readonly unknown[]): string {
  let next = 0;
  const result = format.replace(
    /%([-+# 0]*)(\*|\d+)?(?:\.(\*|\d+)?)?(.|$)/gsu,
    (whole, flags: string, width, precision, verb: string) => {
      if (verb === "") return "%!(NOVERB)";
      if (verb === "%") return "%";
      const size = width === "*" ? Number(values[next++]) : Number(width ?? 0);
      const digits = !whole.includes(".")
        ? undefined
        : precision === "*"
        ? Number(values[next++])
        : Number(precision ?? 0);
      if (next >= values.length) return `%!${verb}(MISSING)`;
      const value = values[next++];
      const text = formatOne(verb, value, flags, digits) ??
        misfit(verb, value);
      return pad(text, size, flags, typeof value !== "string");
    },
  );
  if (next >= values.length) return result;
  return `${result}%!(EXTRA ${values.slice(next).map(describe).join(", ")})`;
}

/** A string in quotes, with what cannot be seen as escapes, as Go's `strconv.Quote` gives it. */
export function quote(text: string): string {
  const inner = text.replace(
    /[\\"\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}\ufffd]/gu,
    (char) => {
      if (char === "\ufffd") return char;
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

/** Integers in full; of others the form of Go's `%g` with as few digits as tell it apart. */
function showNumber(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e21) return String(value);
  if (!Number.isFinite(value)) {
    return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
  }
  const [digits, exponent] = value.toExponential().split("e") as [
    string,
    string,
  ];
  const power = Number(exponent);
  return power < -4 || power >= 21 ? digits + goExponent(power) : String(value);
}

function goExponent(power: number): string {
  const digits = String(Math.abs(power)).padStart(2, "0");
  return `e${power < 0 ? "-" : "+"}${digits}`;
}

function misfit(verb: string, value: unknown): string {
  return `%!${verb}(${describe(value)})`;
}

function describe(value: unknown): string {
  if (isNil(value)) return "<nil>";
  return `${typeName(value)}=${show(value)}`;
}

function formatOne(
  verb: string,
  value: unknown,
  flags: string,
  precision: number | undefined,
): string | undefined {
  switch (verb) {
    case "T":
      return typeName(value);
    case "v":
      return flags.includes("#") && typeof value === "string"
        ? quote(value)
        : signed(show(value), value, flags);
  }
  const inner = (item: unknown) =>
    formatOne(verb, item, flags, precision) ?? misfit(verb, item);
  if (Array.isArray(value)) return `[${value.map(inner).join(" ")}]`;
  if (isMap(value)) {
    const pairs = sortedKeys(value).map((key) =>
      `${inner(key)}:${inner(value[key])}`
    );
    return `map[${pairs.join(" ")}]`;
  }
  switch (typeof value) {
    case "boolean":
      return verb === "t" ? String(value) : undefined;
    case "string":
      return formatString(verb, value, precision);
    case "number":
    case "bigint":
      return formatNumber(verb, value, flags, precision);
    default:
      return undefined;
  }
}

function formatString(
  verb: string,
  value: string,
  precision: number | undefined,
): string | undefined {
  const text = precision === undefined
    ? value
    : [...value].slice(0, precision).join("");
  switch (verb) {
    case "s":
      return text;
    case "q":
      return quote(text);
    case "x":
    case "X": {
      const hex = encodeHex(text);
      return verb === "X" ? hex.toUpperCase() : hex;
    }
    default:
      return undefined;
  }
}

const BASES: Readonly<Record<string, number>> = {
  b: 2,
  o: 8,
  d: 10,
  x: 16,
  X: 16,
};

function formatNumber(
  verb: string,
  value: number | bigint,
  flags: string,
  precision: number | undefined,
): string | undefined {
  const base = BASES[verb];
  if (base !== undefined) {
    if (typeof value === "number" && !Number.isInteger(value)) return undefined;
    let text = value.toString(base);
    if (verb === "X") text = text.toUpperCase();
    if (flags.includes("#")) {
      const prefix = { x: "0x", X: "0X", o: "0", b: "0b" }[verb] ?? "";
      text = text.replace(/^-?/, (sign) => sign + prefix);
    }
    return signed(text, value, flags);
  }
  const number = Number(value);
  switch (verb) {
    case "c":
      return String.fromCodePoint(number);
    case "q":
      return `'${String.fromCodePoint(number)}'`;
    case "U":
      return `U+${number.toString(16).toUpperCase().padStart(4, "0")}`;
    case "f":
    case "F":
      return signed(number.toFixed(precision ?? 6), value, flags);
    case "e": {
      const [digits, power] = number.toExponential(precision ?? 6).split(
        "e",
      ) as [
        string,
        string,
      ];
      return signed(digits + goExponent(Number(power)), value, flags);
    }
    case "g": {
      const text = precision === undefined
        ? showNumber(number)
        : showNumber(Number(number.toPrecision(Math.max(precision, 1))));
      return signed(text, value, flags);
    }
    default:
      return undefined;
  }
}

function signed(text: string, value: unknown, flags: string): string {
  const isNumber = typeof value === "number" || typeof value === "bigint";
  if (!isNumber || text.startsWith("-")) return text;
  if (flags.includes("+")) return `+${text}`;
  return flags.includes(" ") ? ` ${text}` : text;
}

function pad(
  text: string,
  width: number,
  flags: string,
  mayHaveZeros: boolean,
): string {
  const missing = Math.max(0, Math.abs(width) - [...text].length);
  if (flags.includes("-") || width < 0) return text + " ".repeat(missing);
  if (!flags.includes("0") || !mayHaveZeros) return " ".repeat(missing) + text;
  return text.replace(/^[-+ ]?/, (sign) => sign + "0".repeat(missing));
}
