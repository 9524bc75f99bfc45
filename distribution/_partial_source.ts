import { readPiece, tapStream } from "../digest/_tap_stream.ts";
import type { Source } from "./source.ts";

/** So many bytes of a source, from one on, as a source of its own. */
export function partialSource(
  source: Source,
  start: number,
  size: number = source.size - start,
): Source {
  if (start === 0 && size === source.size) return source;
  return {
    size,
    async open(offset = 0) {
      const stream = await source.open(start + offset);
      return start + size === source.size
        ? stream
        : takeFirst(stream, size - offset);
    },
  };
}

/** The first bytes of a stream, which is let go behind them. */
export function takeFirst(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  count: number,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = stream.getReader();
  let left = count;
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      const piece = left > 0 ? await readPiece(reader) : undefined;
      if (piece !== undefined) {
        const taken = piece.subarray(0, left);
        left -= taken.byteLength;
        // A copy, because enqueueing takes the memory away from whoever made it.
        controller.enqueue(taken.slice());
        if (left > 0) return;
      }
      controller.close();
      controller.byobRequest?.respond(0);
      await reader.cancel();
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

/** The same source, telling how far each opened stream has been read. */
export function countedSource(
  source: Source,
  onBytes: (transferred: number) => void,
): Source {
  return {
    size: source.size,
    async open(offset = 0) {
      let transferred = offset;
      return tapStream(await source.open(offset), {
        chunk(chunk) {
          transferred += chunk.byteLength;
          onBytes(transferred);
        },
      });
    },
  };
}
