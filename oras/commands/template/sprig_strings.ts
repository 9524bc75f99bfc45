import { decodeBase64, encodeBase64 } from "@std/encoding/base64";
import { compactJson, plainJson, prettyJson, sortKeys } from "../_json.ts";
import type { TemplateFunction } from "./evaluate.ts";
import { quote, show } from "./go_print.ts";
import { compareBytes, isNil, isTrue } from "./go_value.ts";

/** The functions of the sprig library that work on strings, by its names and argument orders. */
export const SPRIG_STRINGS: Readonly<Record<string, TemplateFunction>> = {
  trim: (text) => string(text).trim(),
  trimAll: (cutset, text) => trimSet(string(text), string(cutset)),
  trimall: (cutset, text) => trimSet(string(text), string(cutset)),
  trimPrefix: (prefix, text) =>
    string(text).startsWith(string(prefix))
      ? string(text).slice(string(prefix).length)
      : string(text),
  trimSuffix: (suffix, text) =>
    string(suffix) !== "" && string(text).endsWith(string(suffix))
      ? string(text).slice(0, -string(suffix).length)
      : string(text),
  upper: (text) => eachLetter(string(text), upperCase),
  lower: (text) => eachLetter(string(text), lowerCase),
  // Go's letters, digits and underscores make a word; so does all beyond ASCII but space.
  title: (text) =>
    string(text).replace(
      /(^|[\p{Cc} -/:-@[-^`{-~]|\s)([\p{L}])/gu,
      (_, before, letter) => before + upperCase(letter),
    ),
  untitle: (text) =>
    string(text).replace(
      /(^|\s)(\S)/gu,
      (_, space, letter) => space + lowerCase(letter),
    ),
  swapcase: (text) =>
    eachLetter(
      string(text),
      (letter) =>
        /\p{Lu}/u.test(letter) ? lowerCase(letter) : upperCase(letter),
    ),
  repeat: (count, text) => string(text).repeat(integer(count)),
  substr: substring,
  trunc: truncate,
  abbrev: (width, text) => {
    const chars = [...string(text)];
    const max = integer(width);
    return max < 4 || chars.length <= max
      ? chars.join("")
      : `${chars.slice(0, max - 3).join("")}...`;
  },
  initials: (text) =>
    string(text).split(/\s+/).map((word) => [...word][0] ?? "").join(""),
  nospace: (text) => string(text).replace(/\s+/g, ""),
  contains: (part, text) => string(text).includes(string(part)),
  hasPrefix: (prefix, text) => string(text).startsWith(string(prefix)),
  hasSuffix: (suffix, text) => string(text).endsWith(string(suffix)),
  quote: (...values) =>
    values.filter((value) => !isNil(value))
      .map((value) => quote(show(value))).join(" "),
  squote: (...values) =>
    values.filter((value) => !isNil(value))
      .map((value) => `'${show(value)}'`).join(" "),
  cat: (...values) =>
    values.filter((value) => !isNil(value)).map(show).join(" "),
  indent: (spaces, text) => indent(integer(spaces), string(text)),
  nindent: (spaces, text) => `\n${indent(integer(spaces), string(text))}`,
  replace: (old, replacement, text) =>
    string(text).replaceAll(string(old), () => string(replacement)),
  plural: (one, many, count) => integer(count) === 1 ? one : many,
  wrap: (width, text) => wrap(string(text), integer(width), "\n"),
  wrapWith: (width, separator, text) =>
    wrap(string(text), integer(width), string(separator)),
  snakecase: (text) => words(string(text)).join("_").toLowerCase(),
  kebabcase: (text) => words(string(text)).join("-").toLowerCase(),
  camelcase: (text) =>
    words(string(text)).map((word, index) =>
      index === 0
        ? word.toLowerCase()
        : word[0]!.toUpperCase() + word.slice(1).toLowerCase()
    ).join(""),
  split: (separator, text) => numbered(string(text).split(string(separator))),
  splitn: (separator, count, text) => {
    const parts = string(text).split(string(separator));
    const most = integer(count);
    if (most < 0 || parts.length <= most) return numbered(parts);
    const rest = parts.splice(Math.max(0, most - 1)).join(string(separator));
    return numbered(most === 0 ? [] : [...parts, rest]);
  },
  splitList: (separator, text) => string(text).split(string(separator)),
  join: (separator, list) => strings(list).join(string(separator)),
  sortAlpha: (list) => strings(list).sort(compareBytes),
  toString: (value: unknown) => show(value),
  toStrings: (list) => strings(list),
  b64enc: (text) => encodeBase64(string(text)),
  // Go's decoder passes over the ends of lines.
  b64dec: (text) =>
    new TextDecoder().decode(
      decodeBase64(string(text).replaceAll(/[\r\n]/g, "")),
    ),
  toJson: (value) => compactJson(sortKeys(value ?? null)),
  toPrettyJson: (value) => prettyJson(sortKeys(value ?? null)),
  toRawJson: (value) => plainJson(sortKeys(value ?? null)),
  fromJson: (text) => JSON.parse(string(text)),
  fail: (message) => {
    throw new Error(string(message));
  },
  ternary: (yes, no, test) => isTrue(test) ? yes : no,
};

/** The names that sprig gives to the parts of a text. */
function numbered(parts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(parts.map((part, at) => [`_${at}`, part]));
}

/** A string that a function was given. */
export function string(value: unknown): string {
  if (typeof value === "string") return value;
  if (isNil(value)) throw new Error("invalid value; expected string");
  throw new Error(`wrong type for value; expected string; got ${show(value)}`);
}

/** An integer that a function was given. */
export function integer(value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value)) return value;
  throw new Error(`wrong type for value; expected int; got ${show(value)}`);
}

/** The elements of a list as strings, without those that are nothing. */
export function strings(value: unknown): string[] {
  if (isNil(value)) return [];
  if (!Array.isArray(value)) return [show(value)];
  return value.filter((item) => !isNil(item)).map(show);
}

function substring(start: unknown, end: unknown, text: unknown): string {
  const chars = [...string(text)];
  const [from, to] = [integer(start), integer(end)];
  if (from < 0) return chars.slice(0, Math.max(to, 0)).join("");
  return chars.slice(from, to < 0 ? undefined : to).join("");
}

function truncate(count: unknown, text: unknown): string {
  const chars = [...string(text)];
  const length = integer(count);
  return (length < 0 ? chars.slice(length) : chars.slice(0, length)).join("");
}

function trimSet(text: string, cutset: string): string {
  const chars = [...text];
  let [start, end] = [0, chars.length];
  while (start < end && cutset.includes(chars[start]!)) start++;
  while (end > start && cutset.includes(chars[end - 1]!)) end--;
  return chars.slice(start, end).join("");
}

function indent(spaces: number, text: string): string {
  const pad = " ".repeat(spaces);
  return pad + text.replaceAll("\n", `\n${pad}`);
}

function wrap(text: string, width: number, separator: string): string {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(word);
  }
  return lines.join(separator);
}

function upperCase(letter: string): string {
  return oneLetter(letter.toUpperCase()) ?? letter;
}

function lowerCase(letter: string): string {
  return oneLetter(letter.toLowerCase()) ?? letter;
}

/** Go changes a letter into one other, never into two. */
function oneLetter(text: string): string | undefined {
  return [...text].length === 1 ? text : undefined;
}

function eachLetter(text: string, change: (letter: string) => string): string {
  return text.replace(/\p{L}/gu, change);
}

function words(text: string): string[] {
  return text.replace(/(\p{Ll}|\p{Nd})(\p{Lu})/gu, "$1 $2")
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, "$1 $2")
    .split(/[\s_-]+/).filter((word) => word !== "");
}
