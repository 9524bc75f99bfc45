import { damaged } from "./_tar_source.ts";
import { decodeText } from "./_text.ts";

/** The size of a tar's blocks in bytes. */
export const BLOCK = 512;

/** Where the checksum stands. */
const CHECKSUM = 148;
const CHECKSUM_SIZE = 8;

/** What the fields of a header's block say. */
export interface TarBlock {
  /** The type flag. */
  readonly flag: string;
  /** The name, with ustar's prefix. */
  readonly name: string;
  readonly linkname: string;
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since the epoch. */
  readonly mtime: number;
  readonly uname: string;
  readonly gname: string;
  /** What tells the format, up to its first NUL: `ustar`, `ustar  ` of GNU's, or nothing. */
  readonly magic: string;
}

/**
 * Reads a header's block: v7, ustar, GNU's and star's.
 *
 * @returns What it says, or undefined for a block of zeros.
 *
 * @throws {LayerError} Its checksum is wrong, or a field holds no number.
 */
export function parseBlock(block: Uint8Array): TarBlock | undefined {
  if (!checkSum(block)) return undefined;
  const magic = text(block, 257, 8);
  const ustar = magic.startsWith("ustar") && !magic.startsWith("ustar  ");
  // star keeps times behind a shorter prefix, and marks it at the block's end.
  const star = ustar && text(block, 508, 4) === "tar";
  const prefix = ustar ? text(block, 345, star ? 131 : 155) : "";
  const name = text(block, 0, 100);
  return {
    flag: block[156] === 0 ? "\0" : String.fromCharCode(block[156]!),
    name: prefix === "" ? name : `${prefix}/${name}`,
    linkname: text(block, 157, 100),
    size: sizeOf(block, 124, 12),
    mode: number(block, 100, 8, "mode"),
    uid: number(block, 108, 8, "owner"),
    gid: number(block, 116, 8, "group"),
    mtime: number(block, 136, 12, "time"),
    uname: magic === "" ? "" : text(block, 265, 32),
    gname: magic === "" ? "" : text(block, 297, 32),
    magic,
  };
}

/** Whether a header's checksum fits; says no to a block of zeros. */
function checkSum(block: Uint8Array): boolean {
  // The field itself counts as spaces.
  let sum = CHECKSUM_SIZE * 0x20;
  for (let index = 0; index < BLOCK; index++) sum += block[index]!;
  for (let index = 0; index < CHECKSUM_SIZE; index++) {
    sum -= block[CHECKSUM + index]!;
  }
  if (
    sum === CHECKSUM_SIZE * 0x20 &&
    isZero(block.subarray(CHECKSUM, CHECKSUM + CHECKSUM_SIZE))
  ) return false;
  const stated = number(block, CHECKSUM, CHECKSUM_SIZE, "checksum");
  if (stated !== sum && stated !== sum - 0x100 * countNegative(block)) {
    throw damaged("the checksum of a header is wrong");
  }
  return true;
}

/** How many bytes are negative for old writers, which took bytes for signed. */
function countNegative(block: Uint8Array): number {
  let count = 0;
  for (let index = 0; index < BLOCK; index++) {
    const isField = index >= CHECKSUM && index < CHECKSUM + CHECKSUM_SIZE;
    if (!isField && block[index]! >= 0x80) count++;
  }
  return count;
}

/** Whether all bytes are zero. */
export function isZero(bytes: Uint8Array): boolean {
  for (let index = 0; index < bytes.byteLength; index++) {
    if (bytes[index] !== 0) return false;
  }
  return true;
}

/** Whether a size can be one: a whole number that a double holds exactly. */
export function isSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** Reads a size's field. */
export function sizeOf(
  block: Uint8Array,
  offset: number,
  length: number,
): number {
  const value = number(block, offset, length, "size");
  if (!isSize(value)) throw damaged(`expected a size, found ${value}`);
  return value;
}

/** Reads a number: octal digits, or base 256 where the first bit is set. */
function number(
  block: Uint8Array,
  offset: number,
  length: number,
  what: string,
): number {
  const first = block[offset]!;
  if ((first & 0x80) !== 0) {
    const negative = (first & 0x40) !== 0;
    let value = negative ? first - 0x100 : first & 0x3f;
    for (let index = offset + 1; index < offset + length; index++) {
      value = value * 256 + block[index]!;
    }
    return value;
  }
  let value = 0;
  let index = offset;
  const end = offset + length;
  while (index < end && (block[index] === 0x20 || block[index] === 0)) index++;
  for (; index < end; index++) {
    const byte = block[index]!;
    if (byte === 0x20 || byte === 0) break;
    if (byte < 0x30 || byte > 0x37) {
      throw damaged(`expected octal digits as a header's ${what}`);
    }
    value = value * 8 + byte - 0x30;
  }
  return value;
}

/** Reads a text up to its first NUL. */
export function text(
  block: Uint8Array,
  offset: number,
  length: number,
): string {
  let found = "";
  for (let index = offset; index < offset + length; index++) {
    const byte = block[index]!;
    if (byte === 0) break;
    if (byte >= 0x80) {
      const bytes = block.subarray(offset, offset + length);
      const end = bytes.indexOf(0);
      return decodeText(end === -1 ? bytes : bytes.subarray(0, end));
    }
    found += String.fromCharCode(byte);
  }
  return found;
}
