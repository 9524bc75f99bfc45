import { XATTR } from "./_pax.ts";

/** What a written entry's header says. Owners are nameless. */
export interface WrittenHeader {
  /** The name, in slashes. */
  readonly name: string;
  /** The type flag. */
  readonly type: "0" | "1" | "2" | "3" | "4" | "5" | "6";
  /** The size of the content in bytes. */
  readonly size: number;
  /** Permission and set-id bits. */
  readonly mode: number;
  /** Whole seconds since the epoch, possibly negative. */
  readonly mtime: number;
  /** A link's target. */
  readonly linkname: string;
  /**
   * The owner's number.
   *
   * @default {0}
   */
  readonly uid?: number;
  /**
   * The group's number.
   *
   * @default {0}
   */
  readonly gid?: number;
  /**
   * Extended attributes.
   *
   * @default {none}
   */
  readonly xattrs?: ReadonlyMap<string, Uint8Array<ArrayBuffer>> | undefined;
}

const BLOCK = 512;
const encoder = new TextEncoder();

/** The values of extended records by their keys. */
type Records = Map<string, string | Uint8Array<ArrayBuffer>>;

/**
 * The blocks before an entry's content, in the form that Go's writer gives them:
 * ustar where all fits, PAX records where not. Agreement with Go to the byte makes
 * a tree packed here and by the oras tools one and the same content.
 *
 * @param room A block of zeros, which the header goes into; given back if one is enough.
 */
export function encodeHeader(
  header: WrittenHeader,
  room: Uint8Array<ArrayBuffer> = new Uint8Array(BLOCK),
): Uint8Array<ArrayBuffer> {
  if (fitsBlock(header)) return mainBlock(room, header, header.name, "");
  const records: Records = new Map();
  const split = splitName(header.name);
  let plain = true;
  if (!isShort(header.name)) {
    records.set("path", header.name);
    plain &&= split !== undefined;
  }
  if (!isShort(header.linkname)) {
    records.set("linkpath", header.linkname);
    plain = false;
  }
  if (!fitsOctal(header.size, 12)) {
    records.set("size", String(header.size));
    plain = false;
  }
  if (!fitsOctal(header.mtime, 12)) {
    records.set("mtime", String(header.mtime));
    plain = false;
  }
  for (const key of ["uid", "gid"] as const) {
    const number = header[key] ?? 0;
    if (fitsOctal(number, 8)) continue;
    records.set(key, String(number));
    plain = false;
  }
  for (const [name, value] of header.xattrs ?? []) {
    records.set(XATTR + name, value);
    plain = false;
  }
  if (plain) {
    const [prefix, name] = split ?? ["", header.name];
    return mainBlock(room, header, name, prefix);
  }
  return concat([
    ...paxBlocks(header.name, records),
    mainBlock(room, header, header.name, ""),
  ]);
}

/** Whether a header is one block with its name in one field, as nearly all are. */
function fitsBlock(header: WrittenHeader): boolean {
  const { gid = 0, linkname, mtime, name, size, uid = 0, xattrs } = header;
  return isShort(name) && isShort(linkname) && fitsOctal(size, 12) &&
    fitsOctal(mtime, 12) && fitsOctal(uid, 8) && fitsOctal(gid, 8) &&
    (xattrs === undefined || xattrs.size === 0);
}

function mainBlock(
  block: Uint8Array<ArrayBuffer>,
  header: WrittenHeader,
  name: string,
  prefix: string,
): Uint8Array<ArrayBuffer> {
  writeText(block, 0, 100, name);
  writeOctal(block, 100, 8, header.mode);
  writeOctal(block, 108, 8, header.uid ?? 0);
  writeOctal(block, 116, 8, header.gid ?? 0);
  writeOctal(block, 124, 12, header.size);
  writeOctal(block, 136, 12, header.mtime);
  writeText(block, 156, 1, header.type);
  writeText(block, 157, 100, header.linkname);
  writeOctal(block, 329, 8, 0);
  writeOctal(block, 337, 8, 0);
  writeText(block, 345, 155, prefix);
  return finish(block);
}

/** A PAX entry with its records, sorted by key. */
function paxBlocks(
  name: string,
  records: Readonly<Records>,
): Uint8Array<ArrayBuffer>[] {
  const body = concat(
    [...records].sort(([a], [b]) => a < b ? -1 : 1)
      .map(([key, value]) => paxRecord(key, value)),
  );
  const slash = name.lastIndexOf("/") + 1;
  const block = new Uint8Array(BLOCK);
  const own = `${name.slice(0, slash)}PaxHeaders.0/${name.slice(slash)}`;
  writeText(block, 0, 100, toAscii(own).slice(0, 100).replace(/\/+$/, ""));
  for (const offset of [100, 108, 116]) writeOctal(block, offset, 8, 0);
  writeOctal(block, 124, 12, body.byteLength);
  writeOctal(block, 136, 12, 0);
  writeText(block, 156, 1, "x");
  return [finish(block), body, new Uint8Array(-body.byteLength & 511)];
}

/** `length key=value\n`, where the length counts its own digits. */
function paxRecord(
  key: string,
  value: string | Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  const bytes = typeof value === "string" ? encoder.encode(value) : value;
  const start = encoder.encode(` ${key}=`);
  const rest = start.byteLength + bytes.byteLength + 1;
  let length = rest + String(rest).length;
  if (rest + String(length).length !== length) {
    length = rest + String(length).length;
  }
  return concat([encoder.encode(`${length}`), start, bytes, NEWLINE]);
}

const NEWLINE = encoder.encode("\n");

/** Where ustar cuts a name that is longer than its field into prefix and name. */
function splitName(name: string): [string, string] | undefined {
  if (name.length <= 100 || !isAscii(name)) return undefined;
  const limit = name.length > 156
    ? 156
    : name.endsWith("/")
    ? name.length - 1
    : name.length;
  const slash = name.slice(0, limit).lastIndexOf("/");
  const rest = name.length - slash - 1;
  if (slash <= 0 || slash > 155 || rest === 0 || rest > 100) return undefined;
  return [name.slice(0, slash), name.slice(slash + 1)];
}

/** Magic, version and checksum. */
function finish(block: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  block.set(MAGIC, 257);
  // The checksum counts its own field as eight spaces.
  let sum = 8 * 0x20;
  for (let index = 0; index < BLOCK; index++) sum += block[index]!;
  writeDigits(block, 148, 6, sum);
  block[155] = 0x20;
  return block;
}

const MAGIC = new TextEncoder().encode("ustar\x0000");

/** Octal digits with zeros in front. */
function writeDigits(
  block: Uint8Array<ArrayBuffer>,
  offset: number,
  count: number,
  value: number,
): void {
  let rest = value;
  let index = offset + count - 1;
  // Beyond 31 bits there are no integers that are fast.
  for (; rest > 0x7fffffff; index--) {
    const high = Math.floor(rest / 8);
    block[index] = 0x30 + rest - high * 8;
    rest = high;
  }
  for (let low = rest | 0; index >= offset; index--) {
    block[index] = 0x30 + (low & 7);
    low >>= 3;
  }
}

/** What of a text is ASCII; PAX records hold the whole of it. */
function writeText(
  block: Uint8Array<ArrayBuffer>,
  offset: number,
  size: number,
  text: string,
): void {
  if (text === "") return;
  const ascii = toAscii(text);
  const length = Math.min(ascii.length, size);
  for (let index = 0; index < length; index++) {
    block[offset + index] = ascii.charCodeAt(index);
  }
  if (ascii.length > size && ascii[size - 1] === "/") {
    // Some readers take any name that ends with a slash for a directory's.
    block[offset + ascii.slice(0, size - 1).replace(/\/+$/, "").length] = 0;
  }
}

function writeOctal(
  block: Uint8Array<ArrayBuffer>,
  offset: number,
  size: number,
  value: number,
): void {
  writeDigits(block, offset, size - 1, fitsOctal(value, size) ? value : 0);
}

function fitsOctal(value: number, size: number): boolean {
  return value >= 0 && value < 8 ** (size - 1);
}

// deno-lint-ignore no-control-regex -- all of ASCII but NUL.
const ASCII = /^[\x01-\x7f]*$/;

function isAscii(text: string): boolean {
  return ASCII.test(text);
}

/** Whether a text fits a header's field for names as it is. */
function isShort(text: string): boolean {
  return text.length <= 100 && isAscii(text);
}

function toAscii(text: string): string {
  // deno-lint-ignore no-control-regex -- all of ASCII but NUL.
  return isAscii(text) ? text : text.replaceAll(/[^\x01-\x7f]/g, "");
}

function concat(
  parts: readonly Uint8Array<ArrayBuffer>[],
): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(
    parts.reduce((sum, part) => sum + part.byteLength, 0),
  );
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.byteLength;
  }
  return whole;
}
