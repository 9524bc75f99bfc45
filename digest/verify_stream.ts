import { Digest } from "./digest.ts";
import { DigestMismatchError, SizeMismatchError } from "./errors.ts";
import { createHasher } from "./hasher.ts";
import { tapStream } from "./_tap_stream.ts";

/** What a stream's content must be. A descriptor is one. */
export interface ExpectedContent {
  /** The digest, `algorithm:encoded`. */
  readonly digest: string;
  /** The size in bytes; not checked where it is not known. */
  readonly size?: number | undefined;
}

/**
 * Passes a stream through and checks it: the result fails at the end of content
 * whose digest is wrong, and as soon as content is longer than its size.
 *
 * A consumer has seen the bytes of bad content before the failure, so it must not
 * act on them before the end. The result is a byte stream that reads straight
 * into the consumer's own buffer where both sides can (`getReader({ mode: "byob" })`);
 * then the check costs no copy. In a browser, `new Response(stream).text()` fails
 * too, but with an error that hides the reason; a reader tells it.
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
  const hasher = createHasher(digest.algorithm);
  const { size } = expected;
  let seen = 0;
  return tapStream(stream, {
    chunk(chunk) {
      seen += chunk.byteLength;
      if (size !== undefined && !(seen <= size)) {
        throw new SizeMismatchError(size, seen, String(digest));
      }
      return hasher.update(chunk);
    },
    async end() {
      if (size !== undefined && seen !== size) {
        throw new SizeMismatchError(size, seen, String(digest));
      }
      const actual = await hasher.digest();
      if (!actual.equals(digest)) {
        throw new DigestMismatchError(String(digest), String(actual));
      }
    },
  });
}
