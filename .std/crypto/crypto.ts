import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import { blake3 } from "@noble/hashes/blake3.js";

interface Hash {
  update(data: Uint8Array): unknown;
  digest(): Uint8Array;
}

/** The digest algorithms that this adapter provides, of those upstream has. */
export type DigestAlgorithm = "SHA-256" | "SHA-384" | "SHA-512" | "BLAKE3";

const HASHES: Readonly<Record<DigestAlgorithm, { create(): Hash }>> = {
  "SHA-256": sha256,
  "SHA-384": sha384,
  "SHA-512": sha512,
  "BLAKE3": blake3,
};

async function digest(
  algorithm: DigestAlgorithm,
  data: BufferSource | AsyncIterable<BufferSource> | Iterable<BufferSource>,
): Promise<ArrayBuffer> {
  const name = algorithm.toUpperCase() as DigestAlgorithm;
  if (!Object.hasOwn(HASHES, name)) {
    throw new TypeError(
      `Cannot digest with algorithm "${algorithm}": not provided here`,
    );
  }
  const hash = HASHES[name].create();
  const parts = data instanceof ArrayBuffer || ArrayBuffer.isView(data)
    ? [data]
    : data;
  for await (const part of parts) {
    hash.update(
      part instanceof ArrayBuffer
        ? new Uint8Array(part)
        : new Uint8Array(part.buffer, part.byteOffset, part.byteLength),
    );
  }
  return new Uint8Array(hash.digest()).buffer;
}

/** Web Crypto whose `subtle.digest` also takes iterables of chunks. */
export const crypto: {
  readonly subtle: {
    digest(
      algorithm: DigestAlgorithm,
      data: BufferSource | AsyncIterable<BufferSource> | Iterable<BufferSource>,
    ): Promise<ArrayBuffer>;
  };
} = { subtle: { digest } };
