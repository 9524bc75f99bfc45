import { byobReader, readPiece } from "../digest/_tap_stream.ts";

/** Opens the rest of a content, from a byte on. */
export type OpenFrom = (
  offset: number,
) => Promise<ReadableStream<Uint8Array<ArrayBuffer>>>;

/** How a broken stream is taken up again. */
export interface ResumeOptions {
  /** The byte that `first` begins at. */
  readonly offset: number;
  /** The size of the whole content. */
  readonly size: number;
  /** Opens the rest of the content. */
  readonly open: OpenFrom;
  /**
   * Called before each resumption, with the fault and how many there were since
   * the last byte arrived. Waits, or throws to give up.
   */
  readonly onFault: (error: unknown, faults: number) => Promise<void>;
}

/**
 * A stream that, when it breaks off or ends before its size, opens the rest and
 * goes on, so that its reader sees one whole content.
 *
 * What arrives is not checked here: wrap it in a verifier.
 */
export function resumeStream(
  first: ReadableStream<Uint8Array<ArrayBuffer>>,
  options: ResumeOptions,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const { size, open, onFault } = options;
  let offset = options.offset;
  let faults = 0;
  let reader = chunkReader(first);

  /** Reads into `view`, and takes the stream up again until there is something or the end. */
  async function read(view: Uint8Array<ArrayBuffer>): Promise<ChunkResult> {
    const { byteLength, byteOffset } = view;
    const bufferLength = view.buffer.byteLength;
    while (true) {
      let fault: unknown;
      try {
        const result = await reader.read(view);
        if (!result.done) {
          offset += result.value.byteLength;
          faults = 0;
          return result;
        }
        if (offset >= size) return result;
        fault = new EarlyEnd(offset, size);
      } catch (error) {
        fault = error;
      }
      await reader.cancel(fault).catch(() => {});
      // The view's memory went down with the read that failed; a view of the same
      // shape takes its place, as the streams standard demands of an answer.
      view = new Uint8Array(
        new ArrayBuffer(bufferLength),
        byteOffset,
        byteLength,
      );
      // A fault behind the last byte took nothing away.
      if (offset >= size) return { done: true, value: view.subarray(0, 0) };
      await onFault(fault, ++faults);
      reader = chunkReader(await open(offset));
    }
  }

  return new ReadableStream({
    type: "bytes",
    autoAllocateChunkSize: 64 * 1024,
    async pull(controller) {
      const request = controller.byobRequest!;
      const { value, done } = await read(
        request.view as Uint8Array<ArrayBuffer>,
      );
      if (done) controller.close();
      request.respondWithNewView(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

/** A body ended before it was whole, and no layer below noticed. */
export class EarlyEnd extends Error {
  /** Makes an error that says where the body ended. */
  constructor(offset: number, size: number) {
    super(`the body ended at byte ${offset} of ${size}`);
  }
}

interface ChunkResult {
  readonly done: boolean;
  /** At the end it is an empty view of the buffer given, as a reader demands. */
  readonly value: Uint8Array<ArrayBuffer>;
}

interface ChunkReader {
  read(view: Uint8Array<ArrayBuffer>): Promise<ChunkResult>;
  cancel(reason: unknown): Promise<void>;
}

/** One way to read into a buffer, whatever the stream offers. */
function chunkReader(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): ChunkReader {
  const byob = byobReader(stream);
  if (byob !== undefined) {
    return {
      async read(view) {
        const { value, done } = await byob.read(view);
        return { done, value: value ?? view.subarray(0, 0) };
      },
      cancel: (reason) => byob.cancel(reason),
    };
  }
  const reader = stream.getReader();
  let rest: Uint8Array<ArrayBuffer> = new Uint8Array();
  return {
    async read(view) {
      if (rest.byteLength === 0) {
        const piece = await readPiece(reader);
        if (piece === undefined) {
          return { done: true, value: view.subarray(0, 0) };
        }
        rest = piece;
      }
      const length = Math.min(view.byteLength, rest.byteLength);
      view.set(rest.subarray(0, length));
      rest = rest.subarray(length);
      return { done: false, value: view.subarray(0, length) };
    },
    cancel: (reason) => reader.cancel(reason),
  };
}
