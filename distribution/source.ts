import { bytesStream } from "../digest/_bytes_stream.ts";

/**
 * Content that can be opened again.
 *
 * A stream cannot be replayed after a 401, a 307, a 503 or a cut line; whatever
 * is uploaded is therefore a source, and retry, re-authentication, redirect and
 * resume all follow from that.
 */
export interface Source {
  /** The size of the whole content in bytes. */
  readonly size: number;
  /**
   * Opens the content for reading, from byte `offset` (0 where not given) to the end.
   *
   * Each call gives a new stream. A byte stream (`type: "bytes"`) is read without
   * copies; any other works. An early end or a surplus is noticed by the reader.
   */
  open(
    offset?: number,
  ):
    | ReadableStream<Uint8Array<ArrayBuffer>>
    | Promise<ReadableStream<Uint8Array<ArrayBuffer>>>;
  /**
   * Gives the whole content at once, which must not be changed. Sources of little
   * content should have it: it costs much less than a stream.
   */
  bytes?():
    | Uint8Array<ArrayBuffer>
    | Promise<Uint8Array<ArrayBuffer>>;
}

/** What can be taken for a source: bytes, text (as UTF-8), a `Blob`, or a source itself. */
export type SourceLike = Uint8Array<ArrayBuffer> | string | Blob | Source;

/**
 * Makes a source of bytes, text or a `Blob`; a source is given back as it is. Bytes
 * are not copied, and must not be changed while the source is used.
 *
 * @example
 * ```ts
 * import { toSource } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * const source = toSource("hello");
 * assertEquals(source.size, 5);
 * assertEquals(await new Response(await source.open(1)).text(), "ello");
 * ```
 */
export function toSource(content: SourceLike): Source {
  if (typeof content === "string") {
    return toSource(new TextEncoder().encode(content));
  }
  if (content instanceof Uint8Array) {
    return {
      size: content.byteLength,
      open: (offset = 0) => bytesStream(content.subarray(offset)),
      bytes: () => content,
    };
  }
  if (content instanceof Blob) {
    return {
      size: content.size,
      open: (offset = 0) =>
        (offset === 0 ? content : content.slice(offset)).stream(),
    };
  }
  return content;
}
