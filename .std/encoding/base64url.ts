import {
  decodeBase64Url as decode,
  encodeBase64Url as encode,
} from "deno-std/encoding/base64url.js";

/** Encodes bytes, or the UTF-8 form of a text, as base64url. */
export function encodeBase64Url(
  data: ArrayBuffer | Uint8Array | string,
): string {
  return encode(data);
}

/** Decodes base64url text. Throws where it is malformed. */
export function decodeBase64Url(text: string): Uint8Array<ArrayBuffer> {
  return decode(text);
}
