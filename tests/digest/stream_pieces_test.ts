import { assert, assertEquals, assertRejects } from "@std/assert";
import { Digest, SizeMismatchError, verifyStream } from "@gantry/oci/digest";
import { bytesOf } from "../_support/bytes_of.ts";

/** A stream of one piece, which tells whether it was cancelled. */
function streamOf(
  piece: unknown,
): { stream: ReadableStream<Uint8Array>; isCancelled: () => boolean } {
  let cancelled = false;
  const stream = new ReadableStream<unknown>({
    start: (controller) => controller.enqueue(piece),
    cancel: () => void (cancelled = true),
  });
  return {
    stream: stream as ReadableStream<Uint8Array>,
    isCancelled: () => cancelled,
  };
}

const NO_BYTES: readonly (readonly [found: string, piece: unknown])[] = [
  ["string", "hello"],
  ["number", 5],
  ["object", null],
  ["ArrayBuffer", new ArrayBuffer(5)],
  ["Uint16Array", new Uint16Array(5)],
  ["DataView", new DataView(new ArrayBuffer(5))],
];

for (const [found, piece] of NO_BYTES) {
  Deno.test(`Digest.fromStream() and verifyStream() refuse a piece that is a ${found}`, async () => {
    const hashed = streamOf(piece);
    await assertRejects(
      () => Digest.fromStream(hashed.stream),
      TypeError,
      `expected pieces of type Uint8Array, found ${found}`,
    );
    const verified = streamOf(piece);
    const digest = String(await Digest.fromString(""));
    await assertRejects(
      () => bytesOf(verifyStream(verified.stream, { digest })),
      TypeError,
      `expected pieces of type Uint8Array, found ${found}`,
    );
    assert(hashed.isCancelled() && verified.isCancelled());
  });
}

Deno.test("verifyStream() fits no content to a size that is no number", async () => {
  const digest = String(await Digest.fromString("hello"));
  for (const text of ["hello", ""]) {
    const stream = new Blob([text]).stream();
    const read = verifyStream(stream, { digest, size: NaN });
    await assertRejects(() => bytesOf(read), SizeMismatchError);
  }
  const exact = verifyStream(new Blob(["hello"]).stream(), { digest, size: 5 });
  assertEquals(await new Response(exact).text(), "hello");
});
