import { byteReader } from "../../digest/_tap_stream.ts";
import type { SignalOptions } from "../../distribution/signal_options.ts";
import type { Source } from "../../distribution/source.ts";
import { StoreError } from "../store_error.ts";

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

const BLOCK = 512;
const MAX_LINKS = 8;
const MAX_ENTRIES = 1_000_000;
/** Names and records that are longer are no work of an archiver. */
const MAX_RECORD = 1024 * 1024;
/** To read over so much is cheaper than to open the archive anew. */
const MAX_READ_OVER = 256 * 1024;

async function* readEntries(
  source: Source,
  { signal }: SignalOptions,
): AsyncGenerator<Entry & { readonly path: string }> {
  const reader = new Reader(source);
  let longName: string | undefined;
  let longLink: string | undefined;
  let pax: ReadonlyMap<string, string> = new Map();
  let count = 0;
  try {
    while (true) {
      signal?.throwIfAborted();
      const block = await reader.read(BLOCK);
      if (block.byteLength === 0 || block.every((byte) => byte === 0)) return;
      if (block.byteLength < BLOCK || !isHeader(block)) throw damaged();
      if (++count > MAX_ENTRIES) throw damaged("it has too many entries");
      const type = String.fromCharCode(block[156]!);
      const size = Number(pax.get("size") ?? number(block, 124, 12));
      if (!Number.isSafeInteger(size) || size < 0) throw damaged();
      const padded = Math.ceil(size / BLOCK) * BLOCK;
      if ("LKxg".includes(type)) {
        if (size > MAX_RECORD) throw damaged("a header is too long");
        const record = (await reader.read(padded)).subarray(0, size);
        if (record.byteLength < size) throw damaged();
        if (type === "L") longName = text(record, 0, size);
        else if (type === "K") longLink = text(record, 0, size);
        else if (type === "x") pax = records(record);
        continue;
      }
      const path = clean(pax.get("path") ?? longName ?? name(block));
      const link = pax.get("linkpath") ?? longLink ?? text(block, 157, 100);
      longName = longLink = undefined;
      pax = new Map();
      const offset = reader.position;
      if (offset + size > source.size) throw damaged("it ends early");
      if (type === "0" || type === "\0" || type === "7") {
        yield { path, offset, size, target: undefined };
      } else if (type === "1") {
        yield { path, offset, size: 0, target: clean(link) };
      } else if (type === "2") {
        const folder = path.slice(0, path.lastIndexOf("/") + 1);
        yield { path, offset, size: 0, target: clean(`${folder}${link}`) };
      }
      await reader.skip(type === "1" || type === "2" ? 0 : padded);
    }
  } finally {
    await reader.close();
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

/** Whether the checksum of a header is right: of its bytes, with blanks in its own place. */
function isHeader(block: Uint8Array): boolean {
  let sum = 0;
  for (let index = 0; index < BLOCK; index++) {
    sum += index >= 148 && index < 156 ? 0x20 : block[index]!;
  }
  return sum === number(block, 148, 8);
}

/** A number: octal digits, or big-endian bytes behind a first one of 0x80 (GNU). */
function number(block: Uint8Array, start: number, length: number): number {
  if (block[start] === 0x80) {
    return block.subarray(start + 1, start + length)
      .reduce((value, byte) => value * 256 + byte, 0);
  }
  const digits = text(block, start, length).trim();
  return /^[0-7]*$/.test(digits) ? parseInt(digits || "0", 8) : NaN;
}

function name(block: Uint8Array): string {
  const isUstar = text(block, 257, 6).startsWith("ustar");
  const isGnu = text(block, 257, 8) === "ustar  ";
  const prefix = isUstar && !isGnu ? text(block, 345, 155) : "";
  const own = text(block, 0, 100);
  return prefix === "" ? own : `${prefix}/${own}`;
}

/** Text up to the first NUL. */
function text(block: Uint8Array, start: number, length: number): string {
  const bytes = block.subarray(start, start + length);
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** PAX records: `length key=value\n` one after the other. */
function records(bytes: Uint8Array): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (let start = 0; start < bytes.byteLength;) {
    const space = bytes.indexOf(0x20, start);
    const length = Number(text(bytes, start, Math.max(0, space - start)));
    if (space < 0 || !Number.isSafeInteger(length) || length < 5) {
      throw damaged();
    }
    const record = new TextDecoder().decode(
      bytes.subarray(space + 1, start + length - 1),
    );
    const equals = record.indexOf("=");
    if (equals < 1) throw damaged();
    found.set(record.slice(0, equals), record.slice(equals + 1));
    start += length;
  }
  return found;
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

function damaged(what = "it is no tar, or damaged"): StoreError {
  return new StoreError("STORE_INVALID", `Cannot read archive: ${what}`);
}
