const BUFFER_SIZE = 1 << 20;

/** Copies a byte stream to stdout, without holding more than one buffer of it. */
export async function writeToStdout(
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
      for (let rest = value; rest.length > 0;) {
        rest = rest.subarray(await Deno.stdout.write(rest));
      }
      buffer = value.buffer;
    }
  } catch (error) {
    await reader.cancel(error).catch(() => {});
    throw error;
  } finally {
    reader.releaseLock();
  }
}
