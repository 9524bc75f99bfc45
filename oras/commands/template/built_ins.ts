import type { TemplateFunction } from "./evaluate.ts";
import { print, println, show } from "./go_print.ts";
import {
  compareBytes,
  isMap,
  isNil,
  isTrue,
  typeName,
  valueAt,
} from "./go_value.ts";
import { printf } from "./printf.ts";

/** The functions of Go's text/template itself. */
export const BUILT_INS: Readonly<Record<string, TemplateFunction>> = {
  // These two look at no more arguments than they need, which the evaluator sees to.
  and: (first, ...more) => [first, ...more].find((value) => !isTrue(value)),
  or: (first, ...more) => [first, ...more].find(isTrue),
  not: (value) => !isTrue(value),
  len: length,
  index,
  slice,
  print: (...values) => print(values),
  printf: (format, ...values) => printf(String(format), values),
  println: (...values) => println(values),
  html: (...values) => escapeHtml(print(values)),
  js: (...values) => escapeJs(print(values)),
  urlquery: (...values) => encodeQuery(print(values)),
  eq: (first, ...others) => {
    if (others.length === 0) throw new Error("missing argument for comparison");
    return others.some((other) => isEqual(first, other));
  },
  ne: (a, b) => !isEqual(a, b),
  lt: (a, b) => compare(a, b) < 0,
  le: (a, b) => compare(a, b) <= 0,
  gt: (a, b) => compare(a, b) > 0,
  ge: (a, b) => compare(a, b) >= 0,
};

const encoder = new TextEncoder();

/** The length of a list, of a map, or of a string in bytes. */
export function length(value: unknown): number {
  if (typeof value === "string") return encoder.encode(value).byteLength;
  if (Array.isArray(value)) return value.length;
  if (isMap(value)) return Object.keys(value).length;
  throw new Error(
    isNil(value) ? "len of nil pointer" : `len of type ${typeName(value)}`,
  );
}

function index(value: unknown, ...keys: readonly unknown[]): unknown {
  let item = value;
  for (const key of keys) {
    if (isNil(item)) throw new Error("index of untyped nil");
    if (Array.isArray(item)) item = item[position(key, item.length)];
    else if (typeof item === "string") {
      const bytes = encoder.encode(item);
      item = bytes[position(key, bytes.length)];
    } else if (!isMap(item)) {
      throw new Error(`can't index item of type ${typeName(item)}`);
    } else if (typeof key !== "string") {
      throw new Error(`value has type ${typeName(key)}; should be string`);
    } else item = valueAt(item, key);
  }
  return item;
}

function position(key: unknown, length: number): number {
  if (typeof key !== "number" || !Number.isInteger(key)) {
    throw new Error(`cannot index slice/array with type ${typeName(key)}`);
  }
  if (key < 0 || key >= length) throw new Error(`index out of range: ${key}`);
  return key;
}

function slice(value: unknown, ...bounds: readonly unknown[]): unknown {
  const isList = Array.isArray(value);
  if (!isList && typeof value !== "string") {
    throw new Error(`can't slice item of type ${typeName(value)}`);
  }
  const bytes = isList ? undefined : encoder.encode(value);
  const size = bytes?.length ?? (value as readonly unknown[]).length;
  const [start = 0, end = size] = bounds.map((bound) =>
    position(bound, size + 1)
  );
  if (start > end) throw new Error(`invalid slice index: ${start} > ${end}`);
  return bytes === undefined
    ? (value as readonly unknown[]).slice(start, end)
    : new TextDecoder().decode(bytes.subarray(start, end));
}

function isEqual(a: unknown, b: unknown): boolean {
  if (isNil(a) || isNil(b)) return isNil(a) && isNil(b);
  requireSameKind(a, b);
  if (typeof a === "object") {
    throw new Error(`non-comparable type ${show(a)}: ${typeName(a)}`);
  }
  // An integer may be a number or a bigint.
  return typeof a === typeof b ? a === b : String(a) === String(b);
}

/** Compares numbers, or strings by their bytes: less than 0, 0, or more. */
function compare(a: unknown, b: unknown): number {
  for (const value of [a, b]) {
    if (/number|string/.test(kindOf(value))) continue;
    throw new Error("invalid type for comparison");
  }
  requireSameKind(a, b);
  if (typeof a === "string") return compareBytes(a, b as string);
  return (a as number) < (b as number)
    ? -1
    : (a as number) > (b as number)
    ? 1
    : 0;
}

function requireSameKind(a: unknown, b: unknown): void {
  if (kindOf(a) === kindOf(b)) return;
  throw new Error(
    `incompatible types for comparison: ${typeName(a)} and ${typeName(b)}`,
  );
}

function kindOf(value: unknown): string {
  return typeof value === "bigint" ? "number" : typeof value;
}

const HTML: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&#34;",
  "'": "&#39;",
  "\0": "\ufffd",
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"'\0]/g, (char) => HTML[char]!);
}

function escapeJs(text: string): string {
  return text.replace(/[\\'"<>&=\p{Cc}\p{Zl}\p{Zp}]/gu, (char) => {
    if (char === "\\" || char === "'" || char === '"') return `\\${char}`;
    return `\\u${
      char.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")
    }`;
  });
}

/** As Go's `url.QueryEscape`: a space becomes a plus sign. */
function encodeQuery(text: string): string {
  return encodeURIComponent(text)
    .replace(
      /[!'()*]/g,
      (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
    )
    .replaceAll("%20", "+");
}
