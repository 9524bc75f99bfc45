import { markSteady } from "./_tap_stream.ts";

const CHUNK = 64 * 1024;

/**
 * A byte stream of bytes that are in memory. It answers every read itself, and at
 * once: that of a `Blob` goes through another process in a browser.
 */
export function bytesStream(
  bytes: Uint8Array<ArrayBuffer>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let offset = 0;
  return markSteady(
    new ReadableStream({
      type: "bytes",
      autoAllocateChunkSize: CHUNK,
      pull(controller) {
        const request = controller.byobRequest!;
        const { buffer, byteOffset, byteLength } = request.view!;
        const size = Math.min(byteLength, bytes.byteLength - offset);
        if (size === 0) controller.close();
        else {
          new Uint8Array(buffer, byteOffset, size)
            .set(bytes.subarray(offset, offset += size));
        }
        request.respond(size);
      },
    }),
  );
}
