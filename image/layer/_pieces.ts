import { byobReader } from "../../digest/_tap_stream.ts";

/**
 * How much is asked for at once of a stream that fills buffers, and how many of
 * these there are: one is worked on, one is written, one is being filled.
 */
const STEP = 1024 * 1024;
const BUFFERS = 3;

type Reader = Pick<ReadableStreamBYOBReader, "cancel" | "releaseLock"> & {
  next(): Promise<{ value?: Uint8Array<ArrayBuffer>; done: boolean }>;
};

/**
 * Larger pieces where the stream can give them: a fifth of the time of small ones.
 * Their memory is used again, so that a piece is good until the second one after it
 * is asked for.
 */
function readerOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Reader {
  const reader = byobReader(stream);
  if (reader === undefined) {
    const plain = stream.getReader();
    return Object.assign(plain, { next: () => plain.read() });
  }
  const ring: ArrayBuffer[] = [];
  return Object.assign(reader, {
    async next() {
      const buffer = ring.length < BUFFERS
        ? new ArrayBuffer(STEP)
        : ring.shift()!;
      const { value, done } = await reader.read(new Uint8Array(buffer), {
        min: STEP,
      });
      if (value !== undefined) ring.push(value.buffer);
      return { ...value !== undefined && { value }, done };
    },
  });
}

/** A stream's pieces, read ahead by one; an abort ends even a read that waits. */
export async function* piecesOf(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const reader = readerOf(stream);
  function abort(): void {
    reader.cancel(signal!.reason).catch(() => {});
  }
  signal?.addEventListener("abort", abort);
  let ended = false;
  try {
    signal?.throwIfAborted();
    let reading = reader.next();
    while (true) {
      const { value, done } = await reading;
      // A cancelled stream looks like one that ended.
      signal?.throwIfAborted();
      if (!done) {
        reading = reader.next();
        // It may fail before anybody waits for it.
        reading.catch(() => {});
      }
      if (value !== undefined && value.byteLength > 0) yield value;
      if (done) break;
    }
    ended = true;
  } finally {
    signal?.removeEventListener("abort", abort);
    if (!ended) await reader.cancel(signal?.reason).catch(() => {});
    reader.releaseLock();
  }
}
