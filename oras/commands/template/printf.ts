import { encodeHex } from "@std/encoding/hex";
import { formatFloat } from "./go_float.ts";
import { describe, goSyntax, quote, show, showNumber } from "./go_print.ts";
import { isMap, isNil, sortedKeys, typeName } from "./go_value.ts";

/** Wider, or more precise, is not possible in Go. */
const LIMIT = 1_000_000;

/** How one value is put into a format. */
interface Directive {
  readonly verb: string;
  readonly flags: string;
  readonly width: number;
  readonly precision: number | undefined;
}

/**
 * Values put into a format, as Go's `fmt.Printf` does: `%v %d %s %q %t %f %e %g %x %X
 * %o %O %b %c %U %T %%` with flags, width, precision and the number of an argument.
 * What does not fit is told in the result, as `%!d(string=a)`.
 */
export function printf(format: string, values: readonly unknown[]): string {
  return new Printer(values).print(format);
}

const DIRECTIVE =
  /%([-+# 0]*)(?:((?:\[\d+\])?\*)|(\d+))?(?:\.(?:((?:\[\d+\])?\*)|(\d*)))?(?:\[([^\]]*)\])?([^]|$)/gu;

class Printer {
  readonly #values: readonly unknown[];
  #next = 0;
  #isReordered = false;

  constructor(values: readonly unknown[]) {
    this.#values = values;
  }

  print(format: string): string {
    const result = format.replace(
      DIRECTIVE,
      (_, flags, star, width, preciseStar, precise, index, verb) => {
        let bad = "";
        let left = "";
        let size = Number(width ?? 0);
        if (star !== undefined) {
          const given = this.#integer(star);
          if (given === undefined) bad += "%!(BADWIDTH)";
          else if (given < 0) left = "-";
          size = Math.abs(given ?? 0);
        } else if (size > LIMIT) return `%!(BADWIDTH)`;
        let precision = precise === undefined ? undefined : Number(precise);
        if (preciseStar !== undefined) {
          precision = this.#integer(preciseStar);
          if (precision === undefined) bad += "%!(BADPREC)";
          else if (precision < 0) [precision, bad] = [undefined, "%!(BADPREC)"];
        } else if (precision !== undefined && precision > LIMIT) {
          return "%!(BADPREC)";
        }
        if (verb === "") return "%!(NOVERB)";
        if (verb === "%") return "%";
        if (index !== undefined && !this.#goTo(index)) {
          return `%!${verb}(BADINDEX)`;
        }
        if (this.#next >= this.#values.length) {
          return `${bad}%!${verb}(MISSING)`;
        }
        const value = this.#values[this.#next++];
        return bad + formatValue(value, {
          verb,
          flags: flags + left,
          width: size,
          precision,
        });
      },
    );
    if (this.#isReordered || this.#next >= this.#values.length) return result;
    const rest = this.#values.slice(this.#next).map(describe).join(", ");
    return `${result}%!(EXTRA ${rest})`;
  }

  /** Chooses the next value by its number, from 1. */
  #goTo(index: string): boolean {
    const number = /^\d+$/.test(index) ? Number(index) : 0;
    this.#isReordered = true;
    if (number < 1 || number > this.#values.length) return false;
    this.#next = number - 1;
    return true;
  }

  /** The value for a `*`. */
  #integer(star: string): number | undefined {
    const index = /^\[(\d+)\]/.exec(star)?.[1];
    if (index !== undefined && !this.#goTo(index)) return undefined;
    const value = this.#values[this.#next++];
    const fits = typeof value === "number" && Number.isInteger(value) &&
      Math.abs(value) <= LIMIT;
    return fits ? value : undefined;
  }
}

function formatValue(value: unknown, directive: Directive): string {
  const { flags, verb, width } = directive;
  if (Array.isArray(value) && !"vT".includes(verb)) {
    return `[${value.map((item) => formatItem(item, directive)).join(" ")}]`;
  }
  if (isMap(value) && !"vT".includes(verb)) {
    const pairs = sortedKeys(value).map((key) =>
      `${formatItem(key, directive)}:${formatItem(value[key], directive)}`
    );
    return `map[${pairs.join(" ")}]`;
  }
  const text = formatOne(value, directive);
  return text === undefined
    ? `%!${verb}(${describe(value)})`
    : pad(text, width, flags, typeof value);
}

/** Nothing is shown as it is among others. */
function formatItem(value: unknown, directive: Directive): string {
  return isNil(value)
    ? pad("<nil>", directive.width, directive.flags, "undefined")
    : formatValue(value, directive);
}

function formatOne(
  value: unknown,
  directive: Directive,
): string | undefined {
  const { flags, verb } = directive;
  if (verb === "T") return typeName(value);
  if (verb === "v" && flags.includes("#")) return goSyntax(value);
  switch (typeof value) {
    case "boolean":
      return "tv".includes(verb) ? String(value) : undefined;
    case "string":
      return formatString(value, directive);
    case "number":
    case "bigint":
      return formatNumber(value, directive);
    default:
      return verb === "v" ? show(value) : undefined;
  }
}

function formatString(
  value: string,
  { flags, precision, verb }: Directive,
): string | undefined {
  const text = precision === undefined
    ? value
    : [...value].slice(0, precision).join("");
  switch (verb) {
    case "s":
    case "v":
      return text;
    case "q":
      return flags.includes("#") && !/[`\p{Cc}\ufeff]/u.test(text)
        ? `\`${text}\``
        : quote(text, flags.includes("+"));
    case "x":
    case "X": {
      const bytes = new TextEncoder().encode(value).slice(0, precision);
      const prefix = flags.includes("#") && bytes.length > 0 ? "0x" : "";
      const hex = flags.includes(" ")
        ? Array.from(bytes, (byte) => prefix + encodeHex(Uint8Array.of(byte)))
          .join(" ")
        : prefix + encodeHex(bytes);
      return verb === "X" ? hex.toUpperCase() : hex;
    }
    default:
      return undefined;
  }
}

const BASES: Readonly<Record<string, readonly [base: number, prefix: string]>> =
  {
    b: [2, "0b"],
    o: [8, "0"],
    O: [8, "0o"],
    d: [10, ""],
    x: [16, "0x"],
    X: [16, "0X"],
  };

function formatNumber(
  value: number | bigint,
  directive: Directive,
): string | undefined {
  const { flags, verb } = directive;
  const isWhole = typeof value === "bigint" || Number.isInteger(value);
  if (BASES[verb] !== undefined) {
    return isWhole ? formatInteger(value, directive) : undefined;
  }
  if (verb === "v") {
    return isWhole && directive.precision === undefined
      ? signed(showNumber(value), flags)
      : formatNumber(value, { ...directive, verb: "g" });
  }
  if (verb === "c" || verb === "q" || verb === "U") {
    return isWhole ? formatCharacter(Number(value), verb, flags) : undefined;
  }
  const text = formatFloat(verb, Number(value), directive.precision);
  return text === undefined ? undefined : signed(text, flags);
}

function formatInteger(
  value: number | bigint,
  { flags, precision, verb, width }: Directive,
): string {
  const [base, prefix] = BASES[verb]!;
  const isNegative = value < 0;
  let digits = value.toString(base).replace("-", "");
  if (verb === "X") digits = digits.toUpperCase();
  if (precision === 0 && digits === "0") return "";
  digits = digits.padStart(precision ?? 0, "0");
  const hasPrefix = verb === "O" || flags.includes("#");
  const text = (isNegative ? "-" : "") + (hasPrefix ? prefix : "") + digits;
  // A precision says how many digits there are, so there are no zeros for the width.
  const full = signed(text, flags);
  return precision === undefined ? full : full.padStart(
    flags.includes("-") ? 0 : width,
  );
}

function formatCharacter(code: number, verb: string, flags: string): string {
  const isCharacter = code >= 0 && code <= 0x10ffff &&
    !(code >= 0xd800 && code <= 0xdfff);
  const char = String.fromCodePoint(isCharacter ? code : 0xfffd);
  if (verb === "c") return char;
  if (verb === "q") {
    const text = quote(char, flags.includes("+")).slice(1, -1);
    return `'${char === "'" ? "\\'" : char === '"' ? char : text}'`;
  }
  const name = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
  return flags.includes("#") ? `${name} '${char}'` : name;
}

function signed(text: string, flags: string): string {
  if (text.startsWith("-") || text.startsWith("+")) return text;
  if (flags.includes("+")) return `+${text}`;
  return flags.includes(" ") ? ` ${text}` : text;
}

function pad(
  text: string,
  width: number,
  flags: string,
  type: string,
): string {
  const missing = Math.max(0, width - [...text].length);
  if (flags.includes("-")) return text + " ".repeat(missing);
  if (!flags.includes("0") || type === "undefined" || type === "object") {
    return " ".repeat(missing) + text;
  }
  const isNumber = type === "number" || type === "bigint";
  return isNumber
    ? text.replace(/^[-+ ]?/, (sign) => sign + "0".repeat(missing))
    : "0".repeat(missing) + text;
}
