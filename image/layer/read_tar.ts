import { createTarDecoder, type ParsedTarEntry } from "modern-tar";
import { LayerError } from "./errors.ts";

/** What kind of thing an archive's entry is. */
export type TarEntryType =
  | "file"
  | "directory"
  | "symlink"
  | "link"
  | "character-device"
  | "block-device"
  | "fifo";

/** What an archive says of one entry. */
export interface TarEntryHeader {
  /** The name, as it stands there. */
  readonly name: string;
  /** What it is. */
  readonly type: TarEntryType;
  /** The size of its content in bytes; 0 of all that is no file. */
  readonly size: number;
  /** Permission and set-id bits. */
  readonly mode: number;
  /** When it was last changed. */
  readonly mtime: Date;
  /** The owner's number. */
  readonly uid: number;
  /** The group's number. */
  readonly gid: number;
  /** The owner's name. */
  readonly uname: string;
  /** The group's name. */
  readonly gname: string;
  /** What a link points at, as it stands there; empty where it is none. */
  readonly linkname: string;
  /** The extended records that came with it, global ones included. */
  readonly pax: Readonly<Record<string, string>>;
}

/** One entry of an archive. */
export interface TarEntry {
  /** What the archive says of it. */
  readonly header: TarEntryHeader;
  /** Its content. What is not read by the time the next entry is asked for is skipped. */
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/**
 * Reads the entries of an uncompressed tar in their order: v7, ustar, GNU and PAX,
 * with long names, large numbers and any amount of zeros at the end.
 *
 * Nothing is made safe: names and links are as they stand in the archive. The
 * iteration holds a bounded part of the archive and reads it to its very end, so
 * that a verifying source has its say.
 *
 * @throws {LayerError} The archive is damaged or ends early. Failures of the source come out as they are.
 *
 * @example
 * ```ts
 * import { readTar } from "@gantry/oci/image/layer";
 * import { assertEquals } from "@std/assert";
 *
 * const names: string[] = [];
 * for await (const { header } of readTar(new Blob([new Uint8Array(1024)]).stream())) {
 *   names.push(header.name);
 * }
 * assertEquals(names, []);
 * ```
 */
export async function* readTar(
  source: AsyncIterable<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<TarEntry, void, undefined> {
  const decoder = createTarDecoder({ strict: true });
  const writer = decoder.writable.getWriter();
  const entries = decoder.readable.getReader();
  let failure: { readonly error: unknown } | undefined;
  async function feed(): Promise<void> {
    const iterator = source[Symbol.asyncIterator]();
    try {
      while (true) {
        let next: IteratorResult<Uint8Array<ArrayBuffer>>;
        try {
          next = await iterator.next();
        } catch (error) {
          failure = { error };
          await writer.abort(error);
          return;
        }
        if (next.done) return await writer.close();
        await writer.write(next.value);
      }
    } finally {
      await iterator.return?.();
    }
  }
  const feeding = feed();
  // The reading side fails with the same error.
  feeding.catch(() => {});
  writer.closed.catch(() => {});
  let finished = false;
  try {
    while (true) {
      const { value, done } = await entries.read();
      if (done) break;
      const body = value.body as ReadableStream<Uint8Array<ArrayBuffer>>;
      yield { header: toHeader(value), body };
      // An error of the body is the archive's, and comes with the next read.
      if (!body.locked) await body.cancel().catch(() => {});
    }
    await feeding;
    finished = true;
  } catch (error) {
    throw failure === undefined ? asLayerError(error) : failure.error;
  } finally {
    if (!finished) {
      const reason = failure?.error ?? new Error("The reader stopped");
      await writer.abort(reason).catch(() => {});
      await entries.cancel(reason).catch(() => {});
      await feeding.catch(() => {});
    }
  }
}

function toHeader({ header }: ParsedTarEntry): TarEntryHeader {
  return {
    name: header.name,
    type: header.type as TarEntryType,
    size: header.size,
    mode: header.mode ?? 0,
    mtime: header.mtime ?? new Date(0),
    uid: header.uid ?? 0,
    gid: header.gid ?? 0,
    uname: header.uname ?? "",
    gname: header.gname ?? "",
    linkname: header.linkname ?? "",
    pax: header.pax ?? {},
  };
}

function asLayerError(error: unknown): unknown {
  // What the consumer throws into the iteration is not the archive's fault.
  if (!(error instanceof Error) || error instanceof LayerError) return error;
  const reason = error.message.replace(/\.$/, "");
  return new LayerError("LAYER_INVALID", `Cannot read layer: ${reason}`, {
    cause: error,
  });
}
