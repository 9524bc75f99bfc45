import type { ByteRange } from "./storage.ts";

/** Content in memory as the pieces in which it arrived, so that it grows without copies. */
export class ChunkList {
  readonly #chunks: Uint8Array<ArrayBuffer>[] = [];
  #size = 0;

  /** The size in bytes. */
  get size(): number {
    return this.#size;
  }

  /** Adds a piece, which must not change from then on. */
  add(chunk: Uint8Array<ArrayBuffer>): void {
    if (chunk.byteLength === 0) return;
    // A small piece in a large buffer would hold all of that buffer.
    const wasteful = chunk.byteLength < chunk.buffer.byteLength / 2;
    this.#chunks.push(wasteful ? chunk.slice() : chunk);
    this.#size += chunk.byteLength;
  }

  /** Reads the content, or a part of it. The reader gets copies, so it may change them. */
  stream(range?: ByteRange): ReadableStream<Uint8Array<ArrayBuffer>> {
    const { start, end } = range ?? { start: 0, end: this.#size };
    const chunks = this.#chunks;
    let index = 0;
    let offset = 0;
    return new ReadableStream({
      type: "bytes",
      pull(controller) {
        while (index < chunks.length && offset < end) {
          const chunk = chunks[index++]!;
          const from = Math.max(start - offset, 0);
          const to = Math.min(end - offset, chunk.byteLength);
          offset += chunk.byteLength;
          if (from >= to) continue;
          controller.enqueue(chunk.slice(from, to));
          return;
        }
        controller.close();
        controller.byobRequest?.respond(0);
      },
    });
  }
}
