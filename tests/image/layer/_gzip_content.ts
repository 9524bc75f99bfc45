import { assert, assertEquals } from "@std/assert";
import { compress } from "@gantry/oci/image/layer";
import { streamOf } from "./_archives.ts";

/** A MiB, in bytes. */
export const MIB: number = 1024 * 1024;

/** Words in an order that does not come again. */
export function text(size: number): Uint8Array<ArrayBuffer> {
  const words = ["layer ", "digest ", "manifest ", "index ", "blob ", "tag\n"];
  let state = 1;
  let whole = "";
  while (whole.length < size) {
    state = Math.imul(state, 48_271) >>> 0;
    whole += words[(state >>> 8) % words.length];
  }
  return new TextEncoder().encode(whole.slice(0, size));
}

/** What cannot be compressed. */
export function noise(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let start = 0; start < size; start += 65_536) {
    crypto.getRandomValues(bytes.subarray(start, start + 65_536));
  }
  return bytes;
}

/** Compresses a content that is given in pieces. */
export async function gzip(
  content: Uint8Array<ArrayBuffer>,
  { level = 6, piece = MIB }: { level?: number; piece?: number } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const packed = compress(streamOf(content, piece), "gzip", { level });
  return await toBytes(packed);
}

/** Asserts that bytes are the same; of 12 MiB, a difference would be drawn for minutes. */
export function assertSame(actual: Uint8Array, expected: Uint8Array): void {
  assertEquals(actual.byteLength, expected.byteLength);
  assert(actual.every((byte, index) => byte === expected[index]));
}

/** Puts pieces together. */
export async function toBytes(
  pieces: AsyncIterable<Uint8Array<ArrayBuffer>>,
): Promise<Uint8Array<ArrayBuffer>> {
  return await new Blob(await Array.fromAsync(pieces)).bytes();
}
