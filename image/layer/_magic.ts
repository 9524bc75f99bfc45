import type { Compression } from "./compression.ts";

/** How many bytes tell how content is compressed. */
export const MAGIC_SIZE = 4;

/** How a stream begins that is compressed: RFC 1952 §2.3.1, RFC 8878 §3.1.1. */
const MAGIC: readonly (readonly [Compression, readonly number[]])[] = [
  ["gzip", [0x1f, 0x8b]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
];

/** How content is compressed that begins with these bytes. */
export function compressionAt(first: ArrayLike<number>): Compression {
  const found = MAGIC.find(([, magic]) =>
    magic.every((byte, index) => first[index] === byte)
  );
  return found?.[0] ?? "none";
}
