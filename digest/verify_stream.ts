import { CANONICAL_ALGORITHM } from "./algorithm.ts";
import { Digest } from "./digest.ts";
import { DigestMismatchError, SizeMismatchError } from "./errors.ts";
import { createHasher, type Hasher } from "./hasher.ts";

/** What a stream's content must be. A descriptor is one. */
export interface ExpectedContent {
  /** The digest, `algorithm:encoded`. */
  readonly digest: string;
  /** The size in bytes; not checked where it is not known. */
  readonly size?: number | undefined;
}

const DEFAULT_CHUNK = 64 * 1024;

/**
 * Passes a stream through and checks it: the result fails at the end of content
 * whose digest is wrong, and as soon as content is longer than its size.
 *
 * A consumer has seen the bytes of bad content before the failure, so it must not
 * act on them before the end. The result is a byte stream that reads straight
 * into the consumer's own buffer where both sides can (`getReader({ mode: "byob" })`);
 * then the check costs no copy.
 *
 * Follows image-spec `descriptor.md` §Digests, "Verification".
 *
 * @throws {DigestError} The expected digest is malformed, or of an algorithm that cannot be computed.
 *
 * @example Read verified content
 * ```ts
 * import { Digest, verifyStream } from "@gantry/oci/digest";
 * import { assertEquals } from "@std/assert";
 *
 * const digest = String(await Digest.fromString("hello"));
 * const stream = verifyStream(new Blob(["hello"]).stream(), { digest, size: 5 });
 * assertEquals(await new Response(stream).text(), "hello");
 * ```
 *
 * @example Tampered content fails
 * ```ts
 * import { Digest, DigestMismatchError, verifyStream } from "@gantry/oci/digest";
 * import { assertRejects } from "@std/assert";
 *
 * const digest = String(await Digest.fromString("hello"));
 * const stream = verifyStream(new Blob(["jello"]).stream(), { digest, size: 5 });
 * await assertRejects(() => new Response(stream).text(), DigestMismatchError);
 * ```
 */
export function verifyStream(
  stream: ReadableStream<Uint8Array>,
  expected: ExpectedContent,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const digest = Digest.parse(expected.digest);
  const hasher = createHasher(digest.algorithm ?? CANONICAL_ALGORITHM);
  const check = new Check(hasher, digest, expected.size);
  const byob = byobReader(stream);
  return byob === undefined
    ? fromDefaultReader(stream.getReader(), check)
    : fromByobReader(byob, check);
}

/** The running check of one stream. */
class Check {
  #seen = 0;
  constructor(
    readonly hasher: Hasher,
    readonly digest: Digest,
    readonly size: number | undefined,
  ) {}

  update(chunk: Uint8Array): void | Promise<void> {
    this.#seen += chunk.byteLength;
    if (this.size !== undefined && this.#seen > this.size) {
      throw new SizeMismatchError(this.size, this.#seen, String(this.digest));
    }
    return this.hasher.update(chunk);
  }

  async end(): Promise<void> {
    if (this.size !== undefined && this.#seen < this.size) {
      throw new SizeMismatchError(this.size, this.#seen, String(this.digest));
    }
    const actual = await this.hasher.digest();
    if (!actual.equals(this.digest)) {
      throw new DigestMismatchError(String(this.digest), String(actual));
    }
  }
}

function byobReader(
  stream: ReadableStream<Uint8Array>,
): ReadableStreamBYOBReader | undefined {
  try {
    return stream.getReader({ mode: "byob" });
  } catch {
    // Not a byte stream: there is no other way to ask.
    return undefined;
  }
}

function fromByobReader(
  reader: ReadableStreamBYOBReader,
  check: Check,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    type: "bytes",
    autoAllocateChunkSize: DEFAULT_CHUNK,
    async pull(controller) {
      const request = controller.byobRequest!;
      // The view is transferred upstream, and what comes back views the same memory.
      const view = request.view as Uint8Array<ArrayBuffer>;
      const { value, done } = await reader.read(view);
      try {
        if (done) {
          await check.end();
          controller.close();
          request.respondWithNewView(value ?? new Uint8Array());
          return;
        }
        const pending = check.update(value);
        if (pending !== undefined) await pending;
        request.respondWithNewView(value);
      } catch (error) {
        await reader.cancel(error).catch(() => {});
        throw error;
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

function fromDefaultReader(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  check: Check,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      try {
        const { value, done } = await reader.read();
        if (done) {
          await check.end();
          controller.close();
          controller.byobRequest?.respond(0);
          return;
        }
        const pending = check.update(value);
        if (pending !== undefined) await pending;
        if (value.byteLength > 0) {
          controller.enqueue(value as Uint8Array<ArrayBuffer>);
        }
      } catch (error) {
        await reader.cancel(error).catch(() => {});
        throw error;
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
}
