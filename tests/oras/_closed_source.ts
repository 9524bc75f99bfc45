import type { Source } from "@gantry/oci/distribution";

/** A byte stream as many make it: it ends without an answer to whoever is waiting. */
export function closedStream(
  bytes: Uint8Array<ArrayBuffer>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const pieces = [bytes.slice(0, 4), bytes.slice(4)];
  return new ReadableStream({
    type: "bytes",
    pull(controller) {
      const piece = pieces.shift();
      if (piece === undefined) controller.close();
      else controller.enqueue(piece);
    },
  });
}

/** The content of these tests. */
export const TEXT = "just a demo";

/** Opens that content as such a stream. */
export const openText = (): ReadableStream<Uint8Array<ArrayBuffer>> =>
  closedStream(new TextEncoder().encode(TEXT));

/** A source of such streams. */
export const SOURCE: Source = { size: TEXT.length, open: openText };
