import { byteReader } from "../../digest/_tap_stream.ts";
import type { SignalOptions } from "../../distribution/signal_options.ts";
import type { Source } from "../../distribution/source.ts";
import { parsePax, paxSize, paxTexts } from "../../image/layer/_pax.ts";
import { BLOCK, parseBlock, text } from "../../image/layer/_tar_block.ts";
import { LayerError } from "../../image/layer/errors.ts";
import type { StoreError } from "../store_error.ts";
import { invalid } from "./_archive_files.ts";

/** Where an archive's entries are, so that each can be read without what is before it. */
export class TarIndex {
  readonly #source: Source;
  readonly #entries: ReadonlyMap<string, Entry>;

  private constructor(source: Source, entries: ReadonlyMap<string, Entry>) {
    this.#source = source;
    this.#entries = entries;
  }

  /**
   * Reads the headers of an uncompressed tar; the contents are passed over.
   *
   * @throws {StoreError} `STORE_INVALID`: it is no tar, or damaged.
   */
  static async read(source: Source, options: SignalOptions): Promise<TarIndex> {
    const entries = new Map<string, Entry>();
    for await (const { path, ...entry } of readEntries(source, options)) {
      // Of two entries with one name the later counts, as when it is unpacked.
      entries.set(path, entry);
    }
    return new TarIndex(source, entries);
  }

  /** The paths of files and links. */
  paths(): Iterable<string> {
    return this.#entries.keys();
  }

  /** The content of a file, or of the file that a link points at. */
  find(path: string): Source | undefined {
    let entry = this.#entries.get(clean(path));
    for (let hops = 0; entry?.target !== undefined; hops++) {
      if (hops === MAX_LINKS) return undefined;
      entry = this.#entries.get(entry.target);
    }
    if (entry === undefined) return undefined;
    const { offset: start, size } = entry;
    return {
      size,
      open: async (offset = 0) =>
        cut(await this.#source.open(start + offset), size - offset),
    };
  }
}

interface Entry {
  readonly offset: number;
  readonly size: number;
  /** What a link points at. */
  readonly target: string | undefined;
}

const MAX_LINKS = 8;
const MAX_ENTRIES = 1_000_000;
/** Names and records that are longer are no work of an archiver. */
const MAX_RECORD = 1024 * 1024;
/** To read over so much is cheaper than to open the archive anew. */
const MAX_READ_OVER = 256 * 1024;

/** What stands in headers of their own before the one that it is about. */
interface Extras {
  path?: string | undefined;
  link?: string | undefined;
  size?: number | undefined;
}

async function* readEntries(
  source: Source,
  { signal }: SignalOptions,
): AsyncGenerator<Entry & { readonly path: string }> {
  const reader = new Reader(source);
  let extras: Extras = {};
  let count = 0;
  try {
    while (true) {
      signal?.throwIfAborted();
      const block = await reader.read(BLOCK);
      if (block.byteLength === 0) return;
      if (block.byteLength < BLOCK) throw damaged();
      const header = inArchive(() => parseBlock(block));
      if (header === undefined) return;
      if (++count > MAX_ENTRIES) throw damaged("it has too many entries");
      const size = extras.size ?? header.size;
      const padded = Math.ceil(size / BLOCK) * BLOCK;
      if ("LKxg".includes(header.flag)) {
        if (size > MAX_RECORD) throw damaged("a header is too long");
        const record = (await reader.read(padded)).subarray(0, size);
        if (record.byteLength < size) throw damaged();
        extras = { ...extras, ...extrasOf(header.flag, record) };
        continue;
      }
      const path = clean(extras.path ?? header.name);
      const link = extras.link ?? header.linkname;
      extras = {};
      const offset = reader.position;
      if (offset + size > source.size) throw damaged("it ends early");
      const isLink = header.flag === "1" || header.flag === "2";
      if (isLink) {
        const folder = header.flag === "2"
          ? path.slice(0, path.lastIndexOf("/") + 1)
          : "";
        yield { path, offset, size: 0, target: clean(`${folder}${link}`) };
      } else if ("0\x007".includes(header.flag)) {
        yield { path, offset, size, target: undefined };
      }
      await reader.skip(isLink ? 0 : padded);
    }
  } finally {
    await reader.close();
  }
}

/** What a header of GNU's, or of PAX, says of the next one. */
function extrasOf(flag: string, record: Uint8Array<ArrayBuffer>): Extras {
  if (flag === "L") return { path: text(record, 0, record.byteLength) };
  if (flag === "K") return { link: text(record, 0, record.byteLength) };
  if (flag === "g") return {};
  return inArchive(() => {
    const { path, linkpath, size } = paxTexts(parsePax(record));
    return {
      ...path !== undefined && { path },
      ...linkpath !== undefined && { link: linkpath },
      ...size !== undefined && { size: paxSize("size", size) },
    };
  });
}

/** Reads headers as those of a layer are read, and tells of what is wrong as of an archive. */
function inArchive<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (error instanceof LayerError) throw damaged(undefined, error);
    throw error;
  }
}

/** Reads a source from any position on. */
class Reader {
  position = 0;
  readonly #source: Source;
  #reader: ReadableStreamBYOBReader | undefined;

  constructor(source: Source) {
    this.#source = source;
  }

  /** Reads so many bytes, or fewer at the end. */
  async read(length: number): Promise<Uint8Array<ArrayBuffer>> {
    if (length === 0 || this.position >= this.#source.size) {
      return new Uint8Array();
    }
    this.#reader ??= byteReader(await this.#source.open(this.position));
    const { value } = await this.#reader.read(new Uint8Array(length), {
      min: length,
    });
    this.position += value?.byteLength ?? 0;
    return value ?? new Uint8Array();
  }

  async skip(length: number): Promise<void> {
    if (length <= MAX_READ_OVER) {
      await this.read(length);
      return;
    }
    await this.close();
    this.position += length;
  }

  async close(): Promise<void> {
    const reader = this.#reader;
    this.#reader = undefined;
    await reader?.cancel();
  }
}

/** The first so many bytes of a stream. */
function cut(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  length: number,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = byteReader(stream);
  let left = length;
  return new ReadableStream({
    type: "bytes",
    autoAllocateChunkSize: 64 * 1024,
    async pull(controller) {
      const request = controller.byobRequest!;
      const view = request.view as Uint8Array<ArrayBuffer>;
      if (left === 0) {
        controller.close();
        request.respond(0);
        await reader.cancel().catch(() => {});
        return;
      }
      const wanted = Math.min(view.byteLength, left);
      const { value, done } = await reader.read(view.subarray(0, wanted));
      if (done) throw damaged("it ends early");
      left -= value.byteLength;
      request.respondWithNewView(value);
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}

/** A path without `.`, `..` and empty parts; none leads out. */
function clean(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.join("/");
}

function damaged(what?: string, cause?: unknown): StoreError {
  return invalid(what ?? "it is no tar, or damaged", cause);
}
