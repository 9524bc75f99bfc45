import {
  decodeBase64 as decode,
  encodeBase64 as encode,
} from "deno-std/encoding/base64.js";

/** Encodes bytes, or the UTF-8 form of a text, as base64. */
export function encodeBase64(data: ArrayBuffer | Uint8Array | string): string {
  return encode(data);
}

/** Decodes base64 text. Throws where it is malformed. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  return decode(text);
}
