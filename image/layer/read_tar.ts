import { TarReader } from "./_tar_reader.ts";

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
  /** The name, as it stands there; a byte that is no UTF-8 is a lone surrogate, U+DC80 to U+DCFF. */
  readonly name: string;
  /** What it is. */
  readonly type: TarEntryType;
  /** The size of its content in bytes, with the holes of a sparse file; 0 of all that is no file. */
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
  /** What a link points at, as it stands there and as the name does; empty where it is none. */
  readonly linkname: string;
  /** The extended records that came with it, global ones included. */
  readonly pax: Readonly<Record<string, string>>;
  /** The extended attributes among them, their values to the byte. */
  readonly xattrs: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  /** Whether holes in its content, which are zeros, are not stored. */
  readonly sparse: boolean;
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
 * with long names, large numbers and any amount of zeros at the end. The holes of
 * sparse files (GNU's old form, and its PAX forms 0.0, 0.1 and 1.0) are given as
 * zeros: mind {@linkcode TarEntryHeader.size}, which a few bytes can make large.
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
  const reader = new TarReader(source);
  try {
    while (true) {
      const entry = await reader.next();
      if (entry === undefined) return;
      yield entry;
    }
  } finally {
    await reader.close();
  }
}
