import { byobReader, readPiece } from "./_tap_stream.ts";

/** Most streams are small, so that only the second read asks for a large piece. */
const FIRST_CHUNK = 64 * 1024;
const CHUNK = 1024 * 1024;
/**
 * A stream asks its source for the next piece only when the pull for the last one
 * has settled, so many microtasks after that piece was handed over.
 */
const SETTLING = 4;

/**
 * Reads a stream to its end and hands each piece over, while the next one is on
 * its way. A byte stream is read into two buffers in turn, so that the piece must
 * not be kept.
 *
 * Where it fails, or the signal aborts it, the stream is cancelled.
 */
export async function readAhead(
  stream: ReadableStream<Uint8Array>,
  use: (piece: Uint8Array<ArrayBuffer>) => void | Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  if (signal?.aborted) {
    await stream.cancel(signal.reason).catch(() => {});
    throw signal.reason;
  }
  const reader = pieceReader(stream);
  const abort = () => void reader.cancel(signal!.reason).catch(() => {});
  signal?.addEventListener("abort", abort, { once: true });
  try {
    let next = reader.read();
    while (true) {
      const piece = await next;
      // Cancelled or at its end, a stream looks alike.
      signal?.throwIfAborted();
      if (piece === undefined) return;
      next = reader.read();
      // Whoever awaits it sees the failure; until then it is not unhandled.
      next.catch(() => {});
      // Using a piece at once would keep its source waiting until it has been used.
      for (let at = 0; at < SETTLING; at++) await null;
      const pending = use(piece);
      if (pending !== undefined) await pending;
      reader.recycle(piece);
    }
  } catch (error) {
    await reader.cancel(error).catch(() => {});
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

interface PieceReader {
  /** The next piece that holds anything; undefined at the end. */
  read(): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Takes back a piece that has been used. */
  recycle(piece: Uint8Array<ArrayBuffer>): void;
  cancel(reason: unknown): Promise<void>;
}

function pieceReader(stream: ReadableStream<Uint8Array>): PieceReader {
  const byob = byobReader(stream);
  if (byob === undefined) {
    const reader = stream.getReader();
    return {
      read: () => readPiece(reader),
      recycle: () => {},
      cancel: (reason) => reader.cancel(reason),
    };
  }
  const free: ArrayBuffer[] = [];
  let size = FIRST_CHUNK;
  return {
    async read() {
      const view = new Uint8Array(free.pop() ?? new ArrayBuffer(size));
      size = CHUNK;
      const { value } = await byob.read(view, { min: view.byteLength });
      return value?.byteLength ? value : undefined;
    },
    recycle({ buffer }) {
      if (buffer.byteLength === CHUNK) free.push(buffer);
    },
    cancel: (reason) => byob.cancel(reason),
  };
}
