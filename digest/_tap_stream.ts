/** What looks at a stream's content as it passes. */
export interface Tap {
  /** Sees the next piece. Throwing fails the stream. The piece must not be kept. */
  chunk(chunk: Uint8Array): void | Promise<void>;
  /** Sees the end. Throwing fails the stream instead of ending it. */
  end?(): void | Promise<void>;
  /** Sees why the stream that is tapped failed. */
  fail?(error: unknown): void;
}

const DEFAULT_CHUNK = 64 * 1024;

/**
 * Passes a stream through a tap.
 *
 * The result is a byte stream that forwards the consumer's own buffer upstream
 * where the upstream is a byte stream too, so that tapping copies nothing; pieces
 * of other streams are copied. (A `TransformStream` in its place doubles the time
 * of a download.)
 */
export function tapStream(
  stream: ReadableStream<Uint8Array>,
  tap: Tap,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const byob = byobReader(stream);
  return byob === undefined
    ? tapDefaultReader(stream.getReader(), tap)
    : tapByobReader(byob, tap);
}

/** A reader that fills the caller's buffers, or undefined where the stream has none. */
export function byobReader(
  stream: ReadableStream<Uint8Array>,
): ReadableStreamBYOBReader | undefined {
  try {
    return stream.getReader({ mode: "byob" });
  } catch {
    // Not a byte stream: there is no other way to ask.
    return undefined;
  }
}

/** A reader that fills the caller's buffers, whatever the stream is. */
export function byteReader(
  stream: ReadableStream<Uint8Array>,
): ReadableStreamBYOBReader {
  return byobReader(stream) ??
    tapDefaultReader(stream.getReader(), { chunk() {} })
      .getReader({ mode: "byob" });
}

/**
 * Reads the next piece that holds anything. A byte stream may neither be handed
 * an empty piece nor be left without one: it would not be pulled again.
 */
export async function readPiece(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  while (true) {
    const { value, done } = await reader.read();
    if (done) return undefined;
    if (value.byteLength > 0) return value as Uint8Array<ArrayBuffer>;
  }
}

function tapByobReader(
  reader: ReadableStreamBYOBReader,
  tap: Tap,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    type: "bytes",
    autoAllocateChunkSize: DEFAULT_CHUNK,
    async pull(controller) {
      const request = controller.byobRequest!;
      // The view is transferred upstream, and what comes back views the same memory.
      const view = request.view as Uint8Array<ArrayBuffer>;
      const { value, done } = await reader.read(view).catch((error) => {
        tap.fail?.(error);
        throw error;
      });
      try {
        if (done) {
          await tap.end?.();
          controller.close();
          request.respondWithNewView(value ?? new Uint8Array());
          return;
        }
        const pending = tap.chunk(value);
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

function tapDefaultReader(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  tap: Tap,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      try {
        const piece = await readPiece(reader).catch((error) => {
          tap.fail?.(error);
          throw error;
        });
        if (piece === undefined) {
          await tap.end?.();
          controller.close();
          controller.byobRequest?.respond(0);
          return;
        }
        const pending = tap.chunk(piece);
        if (pending !== undefined) await pending;
        // A copy, which slice() of a Buffer is not: enqueueing takes the memory away from whoever made it.
        controller.enqueue(new Uint8Array(piece));
      } catch (error) {
        await reader.cancel(error).catch(() => {});
        throw error;
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
}
