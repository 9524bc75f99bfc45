import type { RawHasher } from "./raw_hasher.ts";

/** The names in `@std/crypto` of the algorithms used here. */
export type WebName = "SHA-256" | "SHA-384" | "SHA-512" | "BLAKE3";

/**
 * A hasher for browsers and edges: `@std/crypto` takes an async iterable and no
 * single pieces, so each `update` hands its piece over to an iteration that runs
 * beside the caller, and resolves when the next piece is asked for. The piece is
 * never copied, and only one is held at a time.
 */
export function portableHasher(webName: WebName): RawHasher {
  let deliver: (chunk: Uint8Array<ArrayBuffer> | undefined) => void;
  let asked = defer<void>();

  async function* pieces(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    while (true) {
      const next = defer<Uint8Array<ArrayBuffer> | undefined>();
      deliver = next.resolve;
      asked.resolve();
      const chunk = await next.promise;
      if (chunk === undefined) return;
      yield chunk;
    }
  }

  let result: Promise<ArrayBuffer> | undefined;
  async function start(): Promise<ArrayBuffer> {
    const { crypto } = await import("@std/crypto/crypto");
    return await crypto.subtle.digest(webName, pieces());
  }
  /** Waits until a piece is asked for, or fails with the digest's own failure. */
  async function ready(): Promise<void> {
    result ??= start();
    await Promise.race([asked.promise, result]);
  }

  return {
    async update(chunk) {
      await ready();
      asked = defer();
      deliver(chunk as Uint8Array<ArrayBuffer>);
      await ready();
    },
    async digest() {
      await ready();
      deliver(undefined);
      return toHex(new Uint8Array(await result!));
    },
  };
}

/** `encodeHex` of `@std/encoding` needs `ArrayBuffer.transfer`, which Node 20 lacks. */
function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}

/** `Promise.withResolvers`, which Node 20 lacks. */
function defer<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((settle) => resolve = settle);
  return { promise, resolve };
}
