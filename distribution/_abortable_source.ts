import { abortable } from "./_single_flight.ts";
import type { Source } from "./source.ts";

/** A source that is not waited for any more when the signal is aborted, however long it takes to open. */
export function abortableSource(
  source: Source,
  signal: AbortSignal | undefined,
): Source {
  if (signal === undefined) return source;
  return {
    size: source.size,
    open: (offset) => open(source, offset, signal),
    ...source.bytes !== undefined && {
      bytes: async () => await abortable(bytesOf(source), signal),
    },
  };
}

async function open(
  source: Source,
  offset: number | undefined,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  signal.throwIfAborted();
  const opening = (async () => await source.open(offset))();
  try {
    return await abortable(opening, signal);
  } catch (error) {
    if (signal.aborted) {
      // What opens after all is let go of.
      opening.then((stream) => stream.cancel(signal.reason)).catch(() => {});
    }
    throw error;
  }
}

async function bytesOf(source: Source): Promise<Uint8Array<ArrayBuffer>> {
  return await source.bytes!();
}
