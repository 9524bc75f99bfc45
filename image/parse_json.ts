import { JsonError } from "./json_error.ts";
import { locateJsonError } from "./_json_reader.ts";

/** The largest manifest or index that is read: 4 MiB, as registries and clients agree. */
export const MAX_MANIFEST_SIZE: number = 4 * 1024 * 1024;

/** Options of {@linkcode parseJson}. */
export interface ParseJsonOptions {
  /**
   * The largest text accepted, in bytes.
   *
   * @default {4194304}
   */
  readonly maxSize?: number | undefined;
  /**
   * How deep arrays and objects may be nested.
   *
   * @default {100}
   */
  readonly maxDepth?: number | undefined;
}

/**
 * Parses JSON as strictly as the specification's I-JSON: UTF-8 without a byte order
 * mark, no key twice in one object, and bounded in size and depth.
 *
 * Follows image-spec `considerations.md` §Canonicalization and RFC 7493. An integer
 * beyond 2^53 becomes a `bigint`, since a number would be another one; where the
 * specification has an integer there, validation tells. Fractions are as in
 * `JSON.parse`.
 *
 * @throws {JsonError} The text is not such JSON. The error names path and position.
 *
 * @example Refuse what two parsers would read differently
 * ```ts
 * import { JsonError, parseJson } from "@gantry/oci/image";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const bytes = new TextEncoder().encode('{"config":{"size":1,"size":2}}');
 * const error = assertThrows(() => parseJson(bytes), JsonError);
 * assertEquals(error.code, "JSON_DUPLICATE_KEY");
 * assertEquals(error.path, "$.config.size");
 * ```
 */
export function parseJson(
  bytes: Uint8Array,
  options: ParseJsonOptions = {},
): unknown {
  const { maxSize = MAX_MANIFEST_SIZE, maxDepth = 100 } = options;
  if (bytes.byteLength > maxSize) {
    throw new JsonError(
      "JSON_TOO_LARGE",
      `expected at most ${maxSize} bytes, found ${bytes.byteLength}`,
      "$",
      maxSize,
    );
  }
  const text = decode(bytes);
  const { depth, members, digits } = measure(text);
  if (depth > maxDepth) throw locateJsonError(text, maxDepth);
  let value: unknown;
  try {
    value = digits < LONG_INTEGER ? JSON.parse(text) : parseExactly(text);
  } catch {
    throw locateJsonError(text, maxDepth);
  }
  // Each colon outside a string is a member; a key that stood twice is one short here.
  if (countMembers(value) !== members) throw locateJsonError(text, maxDepth);
  return value;
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decode(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    throw new JsonError(
      "JSON_INVALID",
      "expected UTF-8",
      "$",
      firstBadByte(bytes),
    );
  }
}

/** How many bytes at the start are good UTF-8. */
function firstBadByte(bytes: Uint8Array): number {
  let good = 0;
  let end = bytes.byteLength;
  while (good < end) {
    const middle = Math.ceil((good + end) / 2);
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(
        bytes.subarray(0, middle),
        { stream: true },
      );
      good = middle;
    } catch {
      end = middle - 1;
    }
  }
  return good;
}

/** The digits of 2^53: with fewer, every integer is exact. */
const LONG_INTEGER = 16;

/** Parses a text, good or not, and keeps its integers. */
function parseExactly(text: string): unknown {
  // What is no number, such as 007, must stay an error.
  JSON.parse(text);
  // A mark that no text can contain, in whatever escapes, since it is made only now.
  const mark = crypto.randomUUID();
  const marked = text.replace(
    LONG_INTEGERS,
    (token, integer?: string) =>
      integer === undefined || Number.isSafeInteger(Number(integer))
        ? token
        : `"${mark}${integer}"`,
  );
  return JSON.parse(
    marked,
    (_key, value) =>
      typeof value === "string" && value.startsWith(mark)
        ? BigInt(value.slice(mark.length))
        : value,
  );
}

/** Strings, which are passed over, and numbers; of these, whole ones of many digits are caught. */
const LONG_INTEGERS =
  /"(?:[^"\\]|\\.)*"|(-?\d{16,})(?![\d.eE])|-?\d[\d.eE+-]*/gs;

const QUOTE = 0x22;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** One pass over the text, for what `JSON.parse` does not tell: depth, members written, and the digits of the longest number. */
function measure(
  text: string,
): { depth: number; members: number; digits: number } {
  let depth = 0;
  let deepest = 0;
  let members = 0;
  let digits = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    switch (unit) {
      case QUOTE:
        index = endOfString(text, index);
        break;
      case COLON:
        members++;
        break;
      case OPEN_ARRAY:
      case OPEN_OBJECT:
        if (++depth > deepest) deepest = depth;
        break;
      case CLOSE_ARRAY:
      case CLOSE_OBJECT:
        depth--;
        break;
      default:
        if (unit >= DIGIT_0 && unit <= DIGIT_9) {
          const start = index;
          index = lastDigit(text, start);
          digits = Math.max(digits, index - start + 1);
        }
    }
  }
  return { depth: deepest, members, digits };
}

/** The index of the last of the digits begun at `start`. */
function lastDigit(text: string, start: number): number {
  let end = start + 1;
  for (; end < text.length; end++) {
    const unit = text.charCodeAt(end);
    if (unit < DIGIT_0 || unit > DIGIT_9) break;
  }
  return end - 1;
}

/** The index of the quotation mark that ends the string begun at `start`. */
function endOfString(text: string, start: number): number {
  let end = start;
  while (true) {
    end = text.indexOf('"', end + 1);
    if (end < 0) return text.length;
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return end;
  }
}

function countMembers(value: unknown): number {
  if (value === null || typeof value !== "object") return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) {
      if (typeof item === "object") count += countMembers(item);
    }
    return count;
  }
  for (const key of Object.keys(value)) {
    count++;
    const item = (value as Record<string, unknown>)[key];
    if (typeof item === "object") count += countMembers(item);
  }
  return count;
}
