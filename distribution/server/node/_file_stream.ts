import type { FileHandle } from "node:fs/promises";
import type { ByteRange } from "../storage.ts";
import { damaged } from "./_damaged.ts";

/** Measured: smaller pieces cost calls, larger ones cost fresh memory. */
const CHUNK = 256 * 1024;

/**
 * Reads a part of an open file as a byte stream, and closes the file at its end,
 * whatever that is.
 */
export function fileStream(
  file: FileHandle,
  { start, end }: ByteRange,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let position = start;
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      try {
        const request = controller.byobRequest;
        const view = request?.view as Uint8Array<ArrayBuffer> | undefined;
        const wanted = Math.min(end - position, view?.byteLength ?? CHUNK);
        if (wanted === 0) {
          await file.close();
          controller.close();
          request?.respond(0);
          return;
        }
        const buffer = view ?? new Uint8Array(wanted);
        const { bytesRead } = await file.read(buffer, 0, wanted, position);
        if (bytesRead === 0) throw damaged("a file became shorter");
        position += bytesRead;
        if (request) request.respond(bytesRead);
        else controller.enqueue(buffer.subarray(0, bytesRead));
      } catch (error) {
        await file.close().catch(() => {});
        throw error;
      }
    },
    cancel: () => file.close(),
  }, { highWaterMark: 0 });
}
