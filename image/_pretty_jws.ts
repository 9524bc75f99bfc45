import { decodeBase64Url } from "@std/encoding/base64url";
import { isFields } from "./_checker.ts";
import { parseJson } from "./parse_json.ts";
import { Schema1Error } from "./schema1_error.ts";
import type { Schema1Signature } from "./schema1_manifest.ts";

/** A document, taken apart from the signatures that stand inside of it. */
export interface PrettyJws {
  /** What was signed: the document as it was before. */
  readonly payload: Uint8Array<ArrayBuffer>;
  /** The signatures, as they stand there. */
  readonly signatures: readonly Schema1Signature[];
}

/**
 * Takes a document in libtrust's pretty form apart.
 *
 * The signatures are a last member of the document; each one's protected header says
 * how many bytes of the document come before, and which bytes ended it. Nothing else
 * may stand between, for it would be read and was not signed.
 *
 * @throws {Schema1Error} `SCHEMA1_UNSIGNED`: there are no signatures.
 * `SCHEMA1_MALFORMED`: they do not say how the document was.
 */
export function splitPrettyJws(bytes: Uint8Array<ArrayBuffer>): PrettyJws {
  const value = parseJson(bytes);
  const signatures = isFields(value) ? value["signatures"] : undefined;
  if (!Array.isArray(signatures) || signatures.length === 0) {
    throw new Schema1Error(
      "SCHEMA1_UNSIGNED",
      "Cannot find signatures in schema 1 manifest: it has none",
    );
  }
  const read = signatures.map((item) => readSignature(item, bytes));
  const [{ length, tail }] = read as [Format, ...Format[]];
  if (read.some((other) => other.length !== length || other.tail !== tail)) {
    throw malformed("the signatures disagree on what was signed");
  }
  if (!isOnlySignatures(bytes.subarray(length))) {
    throw malformed("there is content that is not signed");
  }
  const end = decodeBase64Url(tail);
  const payload = new Uint8Array(length + end.byteLength);
  payload.set(bytes.subarray(0, length));
  payload.set(end, length);
  return { payload, signatures: signatures as Schema1Signature[] };
}

/** How the payload is found in the document. */
interface Format {
  readonly length: number;
  readonly tail: string;
}

function readSignature(item: unknown, bytes: Uint8Array): Format {
  if (
    !isFields(item) || !isFields(item["header"]) ||
    typeof item["signature"] !== "string" ||
    typeof item["protected"] !== "string"
  ) {
    throw malformed("a signature lacks header, signature or protected");
  }
  let header: unknown;
  try {
    header = parseJson(decodeBase64Url(item["protected"]));
    decodeBase64Url(item["signature"]);
    const fields = isFields(header) ? header : {};
    decodeBase64Url(String(fields["formatTail"]));
  } catch (cause) {
    throw malformed("a signature is no base64url of what it should be", cause);
  }
  const { formatLength: length, formatTail: tail } = header as Readonly<
    Record<string, unknown>
  >;
  if (
    typeof length !== "number" || !Number.isSafeInteger(length) ||
    length < 1 || length > bytes.byteLength || typeof tail !== "string"
  ) {
    throw malformed("a signature does not say how long the payload is");
  }
  return { length, tail };
}

/** Whether what follows the payload is the member `signatures` and the end. */
function isOnlySignatures(rest: Uint8Array): boolean {
  const text = new TextDecoder().decode(rest).trimStart();
  if (!text.startsWith(",")) return false;
  try {
    const value = parseJson(new TextEncoder().encode(`{${text.slice(1)}`));
    return isFields(value) && Object.keys(value).join() === "signatures";
  } catch {
    return false;
  }
}

/**
 * Where a document ends that signatures are to be put into, and how it is indented.
 *
 * @throws {Schema1Error} `SCHEMA1_MALFORMED`: it is no object.
 */
export function formatOf(
  payload: Uint8Array,
): { length: number; tail: Uint8Array; indent: string } {
  const isSpace = (byte: number | undefined) =>
    byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
  let end = payload.length - 1;
  while (isSpace(payload[end])) end--;
  let last = end - 1;
  while (isSpace(payload[last])) last--;
  if (payload[end] !== 0x7d || last < 1) {
    throw malformed("the payload is no object with members");
  }
  const start = new TextDecoder().decode(payload.subarray(0, 256));
  return {
    length: last + 1,
    tail: payload.subarray(last + 1),
    indent: /^\{\n([^"]*)"/.exec(start)?.[1] ?? "",
  };
}

/** Puts signatures into a document, as libtrust does. */
export function joinPrettyJws(
  { payload, signatures }: PrettyJws,
): Uint8Array<ArrayBuffer> {
  const { length, indent } = formatOf(payload);
  const text = indent === ""
    ? `,"signatures":${JSON.stringify(signatures)}}`
    : `,\n${indent}"signatures": ${
      JSON.stringify(signatures, null, indent).replaceAll("\n", `\n${indent}`)
    }\n}`;
  const end = new TextEncoder().encode(text);
  const bytes = new Uint8Array(length + end.byteLength);
  bytes.set(payload.subarray(0, length));
  bytes.set(end, length);
  return bytes;
}

function malformed(reason: string, cause?: unknown): Schema1Error {
  return new Schema1Error(
    "SCHEMA1_MALFORMED",
    `Cannot read signatures of schema 1 manifest: ${reason}`,
    { cause },
  );
}
