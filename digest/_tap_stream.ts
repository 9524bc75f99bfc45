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
  const byob = plainByobReader(stream);
  return byob === undefined
    ? tapDefaultReader(stream.getReader(), tap)
    : tapByobReader(byob, STEADY.has(stream), tap);
}

/** Byte streams that are known to end the read that is under way when they are closed. */
const STEADY = new WeakSet<ReadableStream>();

/** Says of a byte stream that it ends the read that is under way when it is closed. */
export function markSteady<T extends ReadableStream>(stream: T): T {
  STEADY.add(stream);
  return stream;
}

/**
 * A reader that fills the caller's buffers, or undefined where the stream has none.
 *
 * Who makes a byte stream and closes it must also answer its BYOB request; few know,
 * and the read that is under way then never ends, or fails where it has a `min`
 * (Streams Standard §4.7.3). So a stream that is not known to do so is read through
 * one that does.
 */
export function byobReader(
  stream: ReadableStream<Uint8Array>,
): ReadableStreamBYOBReader | undefined {
  const reader = plainByobReader(stream);
  return reader === undefined || STEADY.has(stream)
    ? reader
    : tapByobReader(reader, false, { chunk() {} }).getReader({ mode: "byob" });
}

function plainByobReader(
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
 *
 * @throws {TypeError} It is none of bytes: a text has no bytes, and would count for nothing.
 */
export async function readPiece(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  while (true) {
    const { value, done } = await reader.read();
    if (done) return undefined;
    checkBytes(value);
    if (value.byteLength > 0) return value as Uint8Array<ArrayBuffer>;
  }
}

function checkBytes(piece: unknown): void {
  const { [Symbol.toStringTag]: tag } = Object(piece);
  // By its name, since bytes of another realm are bytes, too.
  if (tag === "Uint8Array") return;
  throw new TypeError(
    `Cannot read stream: expected pieces of type Uint8Array, found ${
      tag ?? typeof piece
    }`,
  );
}

function tapByobReader(
  reader: ReadableStreamBYOBReader,
  isSteady: boolean,
  tap: Tap,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const read: Read = isSteady
    ? (view) => reader.read(view)
    : endingRead(reader);
  return markSteady(
    new ReadableStream({
      type: "bytes",
      autoAllocateChunkSize: DEFAULT_CHUNK,
      async pull(controller) {
        const request = controller.byobRequest!;
        // The view is transferred upstream, and what comes back views the same memory.
        const view = request.view as Uint8Array<ArrayBuffer>;
        const { value, done } = await read(view).catch((error) => {
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
    }),
  );
}

type Read = (
  view: Uint8Array<ArrayBuffer>,
) => Promise<ReadableStreamReadResult<Uint8Array<ArrayBuffer>>>;

/**
 * Reads from a byte stream that may be closed without an answer to the read that is
 * under way. The memory of that read is lost: so it is none that already holds something.
 */
function endingRead(reader: ReadableStreamBYOBReader): Read {
  const ask = askOrEnd(reader);
  let spare = new ArrayBuffer(0);
  return async (view) => {
    const { buffer, byteLength } = view;
    if (byteLength === buffer.byteLength) return await ask(view);
    if (spare.byteLength < byteLength) spare = new ArrayBuffer(byteLength);
    const { done, value } = await ask(new Uint8Array(spare, 0, byteLength));
    if (done) return { done, value: view.subarray(0, 0) };
    view.set(value);
    spare = value.buffer;
    return { done, value: view.subarray(0, value.byteLength) };
  };
}

/**
 * Readers with a read under way. Chromium forgets a Blob's stream that nothing but
 * such a read refers to, when it next collects garbage, and then never answers.
 */
const BUSY = new Set<ReadableStreamBYOBReader>();

/** So many microtasks are enough for the answer of a stream that gives one. */
const PATIENCE = 32;

function askOrEnd(reader: ReadableStreamBYOBReader): Read {
  let end: (() => void) | undefined;
  reader.closed.then(async () => {
    for (let at = 0; at < PATIENCE && end !== undefined; at++) await null;
    // Only such a stream costs a timer.
    if (end !== undefined) setTimeout(() => end?.());
  }, () => {});
  return async (view) => {
    const { byteLength } = view.buffer;
    BUSY.add(reader);
    try {
      // Not a race with `closed`, which would hold on to every piece until the end.
      return await new Promise((resolve, reject) => {
        end = () => {
          const value = new Uint8Array(new ArrayBuffer(byteLength), 0, 0);
          resolve(
            { done: true, value } as unknown as Awaited<ReturnType<Read>>,
          );
        };
        reader.read(view).then(resolve, reject);
      });
    } finally {
      end = undefined;
      BUSY.delete(reader);
    }
  };
}

function tapDefaultReader(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  tap: Tap,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return markSteady(
    new ReadableStream({
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
    }),
  );
}
