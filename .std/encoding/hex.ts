import {
  decodeHex as decode,
  encodeHex as encode,
} from "deno-std/encoding/hex.js";

/** Encodes bytes, or the UTF-8 form of a text, as hex. */
export function encodeHex(data: ArrayBuffer | Uint8Array | string): string {
  return encode(data);
}

/** Decodes hex text. Throws where it is malformed. */
export function decodeHex(text: string): Uint8Array<ArrayBuffer> {
  return decode(text);
}
