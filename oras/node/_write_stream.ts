import { byteReader } from "../../digest/_tap_stream.ts";
import type { OutputFile } from "../../distribution/node/_output_file.ts";

const MAX_BUFFER = 1024 * 1024;
/** What is asked for first: little, until it is known how fast it comes. */
const FIRST_READ = 64 * 1024;
/** A read that is faster than this asks for more the next time, in milliseconds. */
const FAST_READ = 20;
/** A read that is slower than this asks for less, so that progress is told of in time. */
const SLOW_READ = 200;

/** How {@linkcode writeStream} works. */
export interface WriteStreamOptions {
  /** The size that is expected, in bytes: buffers are no larger than that. It is not checked. */
  readonly size?: number | undefined;
  /** Told after every piece how many bytes have been taken in all. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
  /** Ends the writing. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads and writes at the same time: the write of one buffer runs on the runtime's
 * own thread while the next is filled and hashed.
 */
export async function writeStream(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  file: OutputFile,
  options: WriteStreamOptions,
): Promise<void> {
  const { size = MAX_BUFFER, onBytes, signal } = options;
  const reader = byteReader(stream);
  const free: ArrayBuffer[] = [];
  const buffer = Math.max(1, Math.min(MAX_BUFFER, size));
  let writing: Promise<void> = Promise.resolve();
  let taken = 0;
  let wanted = FIRST_READ;
  const abort = () => void reader.cancel(signal?.reason).catch(() => {});
  signal?.addEventListener("abort", abort, { once: true });
  try {
    while (true) {
      const view = new Uint8Array(free.pop() ?? new ArrayBuffer(buffer));
      const asked = performance.now();
      const { value, done } = await reader.read(view, {
        min: Math.min(wanted, view.byteLength),
      });
      signal?.throwIfAborted();
      const lasted = performance.now() - asked;
      if (lasted < FAST_READ) wanted = Math.min(2 * wanted, MAX_BUFFER);
      if (lasted > SLOW_READ) wanted = Math.max(1, wanted >> 1);
      await writing;
      if (value?.byteLength) {
        taken += value.byteLength;
        writing = writeAll(file, value, free);
        // A failed write is met at the next turn; until then it is not unhandled.
        writing.catch(() => {});
        onBytes?.(taken);
      }
      if (done) break;
    }
    await writing;
  } catch (error) {
    await writing.catch(() => {});
    await reader.cancel(error).catch(() => {});
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

async function writeAll(
  file: OutputFile,
  bytes: Uint8Array<ArrayBuffer>,
  free: ArrayBuffer[],
): Promise<void> {
  await file.write(bytes);
  free.push(bytes.buffer);
}
