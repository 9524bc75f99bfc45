import { preview } from "../../digest/_preview.ts";
import {
  parsePax,
  type PaxRecords,
  paxSize,
  paxTexts,
  paxTime,
  paxXattrs,
  XATTR,
} from "./_pax.ts";
import {
  BLOCK,
  isZero,
  parseBlock,
  type TarBlock,
  text,
} from "./_tar_block.ts";
import { expand, readOldMap, readPaxMap, type SparseFile } from "./_sparse.ts";
import { damaged, endsEarly, TarSource } from "./_tar_source.ts";
import type { TarEntry, TarEntryHeader, TarEntryType } from "./read_tar.ts";

/** The most that the records or a long name of an entry may take. */
const MAX_EXTENSION = 1024 * 1024;

/** The most global records, and their bytes: each entry is read with all of them. */
const MAX_GLOBAL = 256;
const MAX_GLOBAL_BYTES = 64 * 1024;

const TYPES: ReadonlyMap<string, TarEntryType> = new Map([
  ["\0", "file"],
  ["0", "file"],
  ["7", "file"],
  ["S", "file"],
  ["1", "link"],
  ["2", "symlink"],
  ["3", "character-device"],
  ["4", "block-device"],
  ["5", "directory"],
  ["6", "fifo"],
]);

/** An entry whose content can be had piece by piece without a stream. */
export class ArchiveEntry implements TarEntry {
  readonly header: TarEntryHeader;
  /** Where the content belongs, if it is a sparse file's. */
  readonly sparse: SparseFile | undefined;
  readonly #source: TarSource;
  #left: number;
  #skipped = false;
  #body: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;

  /** Takes what the archive says, and where the content comes from. */
  constructor(
    header: TarEntryHeader,
    source: TarSource,
    stored: number,
    sparse?: SparseFile,
  ) {
    this.header = header;
    this.#source = source;
    this.#left = stored;
    this.sparse = sparse;
  }

  /** How many bytes of its content are not stored, since they are zeros. */
  get holes(): number {
    return this.sparse === undefined
      ? 0
      : this.sparse.size - this.sparse.stored;
  }

  /** Its content as a stream; holes of a sparse file are zeros there. */
  get body(): ReadableStream<Uint8Array<ArrayBuffer>> {
    if (this.#body !== undefined) return this.#body;
    const pieces = this.sparse && expand(this.sparse, this);
    return this.#body = new ReadableStream({
      type: "bytes",
      pull: async (controller) => {
        const piece = pieces === undefined
          ? await this.#nextPiece()
          : (await pieces.next()).value ?? undefined;
        if (this.#skipped) {
          throw new TypeError(
            `Cannot read entry ${
              preview(this.header.name)
            }: the archive was read on`,
          );
        }
        if (piece !== undefined) return controller.enqueue(piece);
        controller.close();
        controller.byobRequest?.respond(0);
      },
    });
  }

  /** A copy of a piece: the archive's own buffer stays here, a stream would take it away. */
  async #nextPiece(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    let piece = this.takePiece();
    if (piece === undefined && await this.wait()) piece = this.takePiece();
    return piece?.slice();
  }

  /** Takes a piece of what is stored and has come, up to an amount; it is good until the next one is waited for. */
  takePiece(most: number = Infinity): Uint8Array<ArrayBuffer> | undefined {
    const piece = this.#source.take(Math.min(this.#left, most));
    if (piece.byteLength === 0) return undefined;
    this.#left -= piece.byteLength;
    return piece;
  }

  /** Whether all that is left of what is stored has come. */
  get isHere(): boolean {
    return this.#source.has(this.#left);
  }

  /** Waits for a next piece; says no at the content's end. */
  async wait(): Promise<boolean> {
    if (this.#left === 0) return false;
    if (!await this.#source.fill()) throw endsEarly();
    return this.#left > 0;
  }

  /** Reads over what is left of the content and over what fills its last block. */
  skip(padding: number): Promise<void> | undefined {
    const left = this.#left + padding;
    this.#skipped = this.#left > 0;
    this.#left = 0;
    return this.#source.takeWhole(left) === undefined
      ? this.#source.skip(left)
      : undefined;
  }
}

/** Reads an archive's entries one after the other. */
export class TarReader {
  readonly #source: TarSource;
  readonly #global: PaxRecords = new Map();
  #entry: ArchiveEntry | undefined;
  #padding = 0;

  /** Takes the archive's bytes. */
  constructor(source: AsyncIterable<Uint8Array<ArrayBuffer>>) {
    this.#source = new TarSource(source);
  }

  /**
   * Reads over what is left of the entry before, and on to the next one: at once
   * where its header has come and is but one block. Small files would otherwise cost
   * more for what waits than for what works.
   */
  next(): ArchiveEntry | Promise<ArchiveEntry | undefined> {
    const skipping = this.#entry?.skip(this.#padding);
    this.#entry = undefined;
    if (skipping !== undefined) return skipping.then(() => this.#read());
    const bytes = this.#source.takeWhole(BLOCK);
    if (bytes === undefined) return this.#read();
    const block = parseBlock(bytes);
    return block === undefined || !PLAIN.test(block.flag) ||
        this.#global.size > 0
      ? this.#read(bytes)
      : this.#enter(headerOf(block, NONE, {}));
  }

  async #read(first?: Uint8Array): Promise<ArchiveEntry | undefined> {
    let local: PaxRecords | undefined;
    let name: string | undefined;
    let linkname: string | undefined;
    let next = first;
    while (true) {
      const bytes = next ?? this.#source.takeWhole(BLOCK) ??
        await this.#source.read(BLOCK);
      next = undefined;
      if (bytes === undefined) throw endsEarly();
      const block = parseBlock(bytes);
      if (block === undefined) {
        if (local !== undefined || name !== undefined) throw endsEarly();
        return await this.#end();
      }
      switch (block.flag) {
        case "x":
        case "X":
          local = parsePax(await this.#extension(block));
          continue;
        case "g":
          addGlobal(this.#global, parsePax(await this.#extension(block)));
          continue;
        case "L":
          name = longName(await this.#extension(block));
          continue;
        case "K":
          linkname = longName(await this.#extension(block));
          continue;
      }
      const records = this.#global.size === 0 && local === undefined
        ? NONE
        : merge(this.#global, local);
      const header = headerOf(block, records, { name, linkname });
      return this.#enter(header, await this.#sparse(block, bytes, header));
    }
  }

  #enter(stated: TarEntryHeader, sparse?: SparseFile): ArchiveEntry {
    const stored = sparse?.stored ?? stated.size;
    const header = sparse === undefined ? stated : {
      ...stated,
      name: sparse.name ?? stated.name,
      size: sparse.size,
      sparse: true,
    };
    // Beyond 2^32 the bits above are lost, and those below still right.
    this.#padding = -stored & (BLOCK - 1);
    return this.#entry = new ArchiveEntry(header, this.#source, stored, sparse);
  }

  /** Ends the source. */
  async close(): Promise<void> {
    await this.#source.close();
  }

  /** Reads the map of a sparse file. */
  async #sparse(
    block: TarBlock,
    bytes: Uint8Array,
    { pax, size, type }: TarEntryHeader,
  ): Promise<SparseFile | undefined> {
    if (block.flag === "S") {
      return await readOldMap({ ...block, size }, bytes, this.#source);
    }
    return type === "file" && pax !== NO_TEXTS
      ? await readPaxMap(pax, size, this.#source)
      : undefined;
  }

  async #extension(block: TarBlock): Promise<Uint8Array> {
    if (block.size > MAX_EXTENSION) {
      throw damaged(
        `expected extended records of at most ${MAX_EXTENSION} bytes, found ${block.size}`,
      );
    }
    if (block.size === 0) return new Uint8Array(0);
    const bytes = await this.#source.read(
      Math.ceil(block.size / BLOCK) * BLOCK,
    );
    if (bytes === undefined) throw endsEarly();
    return bytes.subarray(0, block.size);
  }

  /** Reads what follows the first block of zeros: one more, and then nothing but zeros. */
  async #end(): Promise<undefined> {
    const second = await this.#source.read(BLOCK);
    if (second === undefined) throw endsEarly();
    if (!isZero(second)) throw damaged("a block of zeros stands alone");
    while (await this.#source.fill()) {
      if (!isZero(this.#source.take(Infinity))) {
        throw damaged("expected nothing but zeros after the archive's end");
      }
    }
    return undefined;
  }
}

/** The types whose header is one block. */
const PLAIN = /^[\0-7]$/;
const NONE: PaxRecords = new Map();
const NO_TEXTS: Readonly<Record<string, string>> = Object.freeze({});
const NO_XATTRS: ReadonlyMap<string, Uint8Array<ArrayBuffer>> = new Map();

/** What an entry's block says, and what its records and its long names say instead. */
function headerOf(
  block: TarBlock,
  records: PaxRecords,
  long: {
    readonly name?: string | undefined;
    readonly linkname?: string | undefined;
  },
): TarEntryHeader {
  const pax = records.size === 0 ? NO_TEXTS : paxTexts(records);
  const name = long.name ?? (pax["path"] || block.name);
  let type = TYPES.get(block.flag);
  if (type === undefined) {
    throw damaged(
      `entry ${preview(name)} is of the unknown type ${preview(block.flag)}`,
    );
  }
  // Before ustar, a slash was all that told a directory.
  if (block.flag === "\0" && name.endsWith("/")) type = "directory";
  const seconds = pax["mtime"] ? paxTime("mtime", pax["mtime"]) : block.mtime;
  return {
    name,
    type,
    // What stands in the size of all that is no file says nothing, as for Go.
    size: type !== "file"
      ? 0
      : pax["size"]
      ? paxSize("size", pax["size"])
      : block.size,
    mode: block.mode,
    mtime: new Date(seconds * 1000),
    uid: pax["uid"] ? paxSize("uid", pax["uid"]) : block.uid,
    gid: pax["gid"] ? paxSize("gid", pax["gid"]) : block.gid,
    uname: pax["uname"] ?? block.uname,
    gname: pax["gname"] ?? block.gname,
    linkname: type === "link" || type === "symlink"
      ? long.linkname ?? (pax["linkpath"] || block.linkname)
      : "",
    pax,
    xattrs: records.size === 0 ? NO_XATTRS : paxXattrs(records),
    sparse: false,
  };
}

/** Adds global records to those that came before, as long as they are few. */
function addGlobal(all: PaxRecords, records: PaxRecords): void {
  for (const [key, value] of records) {
    if (value.byteLength > 0 || key.startsWith(XATTR)) all.set(key, value);
    else all.delete(key);
  }
  let size = 0;
  for (const [key, value] of all) size += key.length + value.byteLength;
  if (all.size > MAX_GLOBAL || size > MAX_GLOBAL_BYTES) {
    throw damaged(
      `expected at most ${MAX_GLOBAL} global records of ${MAX_GLOBAL_BYTES} bytes in all`,
    );
  }
}

/** Global records with an entry's own on top; an empty one takes back what was said. */
function merge(
  global: PaxRecords,
  local: PaxRecords | undefined,
): PaxRecords {
  const records: PaxRecords = new Map(global);
  for (const [key, value] of local ?? []) {
    if (value.byteLength > 0 || key.startsWith(XATTR)) {
      records.set(key, value);
    } else records.delete(key);
  }
  return records;
}

function longName(bytes: Uint8Array): string {
  return text(
    bytes,
    0,
    bytes.indexOf(0) === -1 ? bytes.length : bytes.indexOf(0),
  );
}
