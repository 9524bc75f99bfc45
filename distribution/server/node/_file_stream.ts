import type { FileHandle } from "node:fs/promises";
import type { ByteRange } from "../storage.ts";
import { damaged } from "./_damaged.ts";

/** Measured: smaller pieces cost calls, larger ones cost fresh memory. */
const CHUNK = 256 * 1024;

/**
 * Reads a part of an open file, and closes the file at its end, whatever that is.
 *
 * It is no byte stream: those cost a server's answers a fifth of their time more.
 */
export function fileStream(
  file: FileHandle,
  { start, end }: ByteRange,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let position = start;
  return new ReadableStream({
    async pull(controller) {
      try {
        const wanted = Math.min(end - position, CHUNK);
        if (wanted === 0) {
          await file.close();
          controller.close();
          return;
        }
        const buffer = new Uint8Array(wanted);
        const { bytesRead } = await file.read(buffer, 0, wanted, position);
        if (bytesRead === 0) throw damaged("a file became shorter");
        position += bytesRead;
        controller.enqueue(buffer.subarray(0, bytesRead));
      } catch (error) {
        await file.close().catch(() => {});
        throw error;
      }
    },
    cancel: () => file.close(),
  }, { highWaterMark: 0 });
}
