import { byteReader } from "../digest/_tap_stream.ts";

/** Opens the rest of a content, from a byte on. The signal ends it when nobody wants it any more. */
export type OpenFrom = (
  offset: number,
  signal: AbortSignal,
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
   * the last byte arrived. Waits, or throws to give up. The signal is aborted when
   * nobody wants the rest any more.
   */
  readonly onFault: (
    error: unknown,
    faults: number,
    signal: AbortSignal,
  ) => Promise<void>;
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
  let reader = byteReader(first);
  const left = new AbortController();

  /** Reads into `view`, and takes the stream up again until there is something or the end. */
  async function read(
    view: Uint8Array<ArrayBuffer>,
  ): Promise<ReadableStreamReadResult<Uint8Array<ArrayBuffer>>> {
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
      left.signal.throwIfAborted();
      await onFault(fault, ++faults, left.signal);
      reader = byteReader(await open(offset, left.signal));
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
      request.respondWithNewView(value ?? new Uint8Array());
    },
    cancel(reason) {
      left.abort(reason);
      return reader.cancel(reason);
    },
  });
}

/** A body ended before it was whole, and no layer below noticed. */
export class EarlyEnd extends Error {
  /** Makes an error that says where the body ended. */
  constructor(offset: number, size: number) {
    super(`the body ended at byte ${offset} of ${size}`);
  }
}
