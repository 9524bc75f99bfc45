import { packTar, type TarHeader } from "modern-tar";

/** An entry to craft: a header that may say anything, and a content. */
export type Entry = Partial<TarHeader> & {
  readonly name: string;
  readonly content?: string | Uint8Array;
};

/** An archive with exactly these entries. */
export async function archive(
  entries: readonly Entry[],
): Promise<Uint8Array<ArrayBuffer>> {
  return await packTar(entries.map(({ content = "", ...header }) => {
    const body = typeof content === "string"
      ? new TextEncoder().encode(content)
      : content;
    return {
      header: {
        mtime: new Date(1_700_000_000_000),
        ...header,
        size: header.size ?? body.byteLength,
      },
      body,
    };
  }));
}

/** A stream of bytes, in pieces of an odd size so that nothing falls on a border. */
export function streamOf(
  bytes: Uint8Array<ArrayBuffer>,
  step = 1000,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let offset = 0;
  return new ReadableStream({
    pull(controller) {
      if (offset >= bytes.byteLength) return controller.close();
      controller.enqueue(bytes.slice(offset, offset += step));
    },
  });
}
