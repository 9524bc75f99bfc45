import { preview } from "../../digest/_preview.ts";
import { isSize } from "./_tar_block.ts";
import { damaged } from "./_tar_source.ts";
import { decodeText } from "./_text.ts";

/** The extended records of an entry, with their values as bytes. */
export type PaxRecords = Map<string, Uint8Array<ArrayBuffer>>;

/** The start of the keys that hold extended attributes. */
export const XATTR = "SCHILY.xattr.";

/** The records that come once for each part of a sparse file, in GNU's form 0.0. */
const SPARSE = ["GNU.sparse.offset", "GNU.sparse.numbytes"];

/**
 * Reads records of the form `length key=value\n`. The map of a sparse file that is
 * spread over many becomes the one record that it is in the next version.
 *
 * @throws {LayerError} A record has another form, or a key has a NUL in it.
 */
export function parsePax(bytes: Uint8Array): PaxRecords {
  const records: PaxRecords = new Map();
  const map: string[] = [];
  for (let start = 0; start < bytes.byteLength;) {
    const space = bytes.indexOf(0x20, start);
    const digits = space === -1
      ? ""
      : decodeText(bytes.subarray(start, Math.min(space, start + 10)));
    const end = start + Number(digits);
    const equals = bytes.indexOf(0x3d, space + 1);
    if (
      !/^\d{1,9}$/.test(digits) || end > bytes.byteLength ||
      bytes[end - 1] !== 0x0a || equals <= space + 1 || equals >= end - 1
    ) {
      throw damaged("an extended record is malformed");
    }
    const key = decodeText(bytes.subarray(space + 1, equals));
    const value = bytes.slice(equals + 1, end - 1);
    if (key.includes("\0")) {
      throw damaged(`expected no NUL in the extended record ${preview(key)}`);
    }
    const place = SPARSE.indexOf(key);
    if (place === -1) records.set(key, value);
    else if (place === map.length % 2) map.push(decodeText(value));
    else throw damaged("a sparse file's map is malformed");
    start = end;
  }
  if (map.length > 0) {
    records.set("GNU.sparse.map", new TextEncoder().encode(map.join(",")));
  }
  return records;
}

/** Records as texts. */
export function paxTexts(records: PaxRecords): Record<string, string> {
  // A key may be `__proto__`.
  const texts: [string, string][] = [];
  for (const [key, value] of records) texts.push([key, decodeText(value)]);
  return Object.fromEntries(texts);
}

/** The extended attributes among the records. */
export function paxXattrs(
  records: PaxRecords,
): Map<string, Uint8Array<ArrayBuffer>> {
  const xattrs = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const [key, value] of records) {
    if (key.startsWith(XATTR)) xattrs.set(key.slice(XATTR.length), value);
  }
  return xattrs;
}

/** A record's number: a size, or an owner. */
export function paxSize(key: string, value: string): number {
  if (!/^\d{1,16}$/.test(value) || !isSize(Number(value))) {
    throw damaged(
      `expected a whole number as the extended record ${key}, found ${
        preview(value)
      }`,
    );
  }
  return Number(value);
}

/** A record's time in seconds. */
export function paxTime(key: string, value: string): number {
  if (!/^-?\d+(?:\.\d*)?$/.test(value)) {
    throw damaged(
      `expected seconds as the extended record ${key}, found ${preview(value)}`,
    );
  }
  return Number(value);
}
