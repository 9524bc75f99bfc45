const encoder = new TextEncoder();

/** A header's fields, as bytes of the block. */
export interface Fields {
  readonly name: string;
  readonly flag?: string;
  readonly size?: string;
  readonly mode?: string;
  readonly mtime?: string;
  readonly linkname?: string;
  readonly magic?: string;
  readonly prefix?: string;
  /** Further bytes by their offset. */
  readonly more?: Readonly<Record<number, string>>;
}

/** Texts of one byte a character. */
function put(block: Uint8Array, offset: number, text: string): void {
  for (let index = 0; index < text.length; index++) {
    block[offset + index] = text.charCodeAt(index);
  }
}

/** A number of a header, in octal with a NUL. */
export function octal(value: number, digits = 11): string {
  return `${value.toString(8).padStart(digits, "0")}\0`;
}

/** A header's block. */
export function header(fields: Fields): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(512);
  put(block, 0, fields.name);
  put(block, 100, fields.mode ?? octal(0o644, 7));
  put(block, 108, octal(0, 7));
  put(block, 116, octal(0, 7));
  put(block, 124, fields.size ?? octal(0));
  put(block, 136, fields.mtime ?? octal(0));
  put(block, 156, fields.flag ?? "0");
  put(block, 157, fields.linkname ?? "");
  put(block, 257, fields.magic ?? "ustar\x0000");
  put(block, 345, fields.prefix ?? "");
  for (const [offset, text] of Object.entries(fields.more ?? {})) {
    put(block, Number(offset), text);
  }
  put(block, 148, "        ");
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(block, 148, `${sum.toString(8).padStart(6, "0")}\0 `);
  return block;
}

/** Content, filled to whole blocks. */
export function padded(content: Uint8Array | string): Uint8Array<ArrayBuffer> {
  const bytes = typeof content === "string" ? encoder.encode(content) : content;
  const whole = new Uint8Array(Math.ceil(bytes.byteLength / 512) * 512);
  whole.set(bytes);
  return whole;
}

/** An extended record. */
export function record(
  key: string,
  value: string | Uint8Array,
): Uint8Array<ArrayBuffer> {
  const bytes = typeof value === "string" ? encoder.encode(value) : value;
  const rest = encoder.encode(` ${key}=`);
  let length = rest.byteLength + bytes.byteLength + 1;
  length += String(length + String(length).length).length;
  const whole = new Uint8Array(length);
  const digits = encoder.encode(String(length));
  whole.set(digits);
  whole.set(rest, digits.byteLength);
  whole.set(bytes, digits.byteLength + rest.byteLength);
  whole[length - 1] = 0x0a;
  return whole;
}

/** Bytes one after the other. */
export function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
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

/** An entry of extended records. */
export function pax(
  records: readonly Uint8Array[] | string,
  flag = "x",
): Uint8Array<ArrayBuffer> {
  const body = typeof records === "string"
    ? encoder.encode(records)
    : join(records);
  return join([
    header({ name: "PaxHeaders.0/x", flag, size: octal(body.byteLength) }),
    padded(body),
  ]);
}

/** What ends an archive. */
export const END: Uint8Array<ArrayBuffer> = new Uint8Array(1024);
/** Magic and version of GNU's format. */
export const GNU = "ustar  \0";

/** A zstd frame that unpacks to a header and 4 GiB of zeros: RFC 8878 §3.1.1. */
export function zstdBomb(): Uint8Array<ArrayBuffer> {
  const size = "\x80".padEnd(7, "\0") + "\x01".padEnd(5, "\0");
  const blocks = 2 ** 32 / 131_072;
  const bytes = new Uint8Array(6 + 3 + 512 + 4 * blocks);
  // Magic, no flags, a window of 128 KiB; a block of bytes as they are.
  bytes.set([0x28, 0xb5, 0x2f, 0xfd, 0, 0x38, 512 << 3 & 0xff, 512 >> 5, 0]);
  bytes.set(header({ name: "zeros", size }), 9);
  for (let at = 521; at < bytes.byteLength; at += 4) {
    // A block that is one byte 131,072 times, and not the last one.
    bytes.set([2, 0, 0x10, 0], at);
  }
  return bytes;
}
