import { writePiece } from "./_console.ts";

const BUFFER_SIZE = 1 << 20;

/** Copies a byte stream to stdout, without holding more than one buffer of it. */
export async function writeToStdout(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  signal: AbortSignal,
): Promise<void> {
  await writeTo(Deno.stdout, stream, signal);
}

/**
 * Copies a byte stream to what is open for writing, without holding more than one
 * buffer of it.
 */
export async function writeTo(
  output: { write(bytes: Uint8Array): Promise<number> },
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  signal: AbortSignal,
): Promise<void> {
  const reader = stream.getReader({ mode: "byob" });
  try {
    let buffer = new ArrayBuffer(BUFFER_SIZE);
    for (;;) {
      signal.throwIfAborted();
      const { done, value } = await reader.read(new Uint8Array(buffer));
      if (value === undefined || done) return;
      await writePiece(output, value);
      buffer = value.buffer;
    }
  } catch (error) {
    await reader.cancel(error).catch(() => {});
    throw error;
  } finally {
    reader.releaseLock();
  }
}
