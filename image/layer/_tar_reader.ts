import { preview } from "../../digest/_preview.ts";
import {
  parsePax,
  type PaxRecords,
  paxSize,
  paxTexts,
  paxTime,
  paxXattrs,
} from "./_pax.ts";
import {
  BLOCK,
  isZero,
  parseBlock,
  sizeOf,
  type TarBlock,
  text,
} from "./_tar_block.ts";
import { damaged, endsEarly, TarSource } from "./_tar_source.ts";
import { LayerError } from "./errors.ts";
import type { TarEntry, TarEntryHeader, TarEntryType } from "./read_tar.ts";

/** The most that the records or a long name of an entry may take. */
const MAX_EXTENSION = 1024 * 1024;

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
  readonly #source: TarSource;
  #left: number;
  #skipped = false;
  #body: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;

  /** Takes what the archive says, and where the content comes from. */
  constructor(header: TarEntryHeader, source: TarSource, stored: number) {
    this.header = header;
    this.#source = source;
    this.#left = stored;
  }

  /** Its content as a stream. */
  get body(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#body ??= new ReadableStream({
      type: "bytes",
      pull: async (controller) => {
        if (this.#left > 0 && !this.#skipped && this.header.sparse) {
          throw sparse(this.header.name);
        }
        let piece = this.takePiece();
        if (piece === undefined && await this.wait()) piece = this.takePiece();
        if (this.#skipped) {
          throw new TypeError(
            `Cannot read entry ${
              preview(this.header.name)
            }: the archive was read on`,
          );
        }
        // The archive's own buffer stays here, a stream would take it away.
        if (piece !== undefined) return controller.enqueue(piece.slice());
        controller.close();
        controller.byobRequest?.respond(0);
      },
    });
  }

  /** Takes a piece of what has come of the content; it is good until the next one is waited for. */
  takePiece(): Uint8Array<ArrayBuffer> | undefined {
    const piece = this.#source.take(this.#left);
    if (piece.byteLength === 0) return undefined;
    this.#left -= piece.byteLength;
    return piece;
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

  /** Reads over what is left of the entry before, and on to the next one. */
  async next(): Promise<ArchiveEntry | undefined> {
    const skipping = this.#entry?.skip(this.#padding);
    this.#entry = undefined;
    if (skipping !== undefined) await skipping;
    let local: PaxRecords | undefined;
    let name: string | undefined;
    let linkname: string | undefined;
    while (true) {
      const bytes = this.#source.takeWhole(BLOCK) ??
        await this.#source.read(BLOCK);
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
          for (const [key, value] of parsePax(await this.#extension(block))) {
            this.#global.set(key, value);
          }
          continue;
        case "L":
          name = longName(await this.#extension(block));
          continue;
        case "K":
          linkname = longName(await this.#extension(block));
          continue;
      }
      const whole = await this.#header(block, bytes, local, { name, linkname });
      const { header, stored } = whole;
      this.#padding = -stored & (BLOCK - 1);
      // Beyond 2^32 the bits above are lost, and those below still right.
      return this.#entry = new ArchiveEntry(header, this.#source, stored);
    }
  }

  /** Ends the source. */
  async close(): Promise<void> {
    await this.#source.close();
  }

  async #header(
    block: TarBlock,
    bytes: Uint8Array,
    local: PaxRecords | undefined,
    long: { readonly name?: string | undefined; linkname?: string | undefined },
  ): Promise<{ readonly header: TarEntryHeader; readonly stored: number }> {
    const records = this.#global.size === 0 && local === undefined
      ? NONE
      : merge(this.#global, local);
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
    // What stands in the size of all that is no file says nothing, as for Go.
    const stored = type !== "file"
      ? 0
      : pax["size"]
      ? paxSize("size", pax["size"])
      : block.size;
    let size = stored;
    let sparseName: string | undefined;
    const isSparse = block.flag === "S" || isPaxSparse(pax);
    if (block.flag === "S") {
      size = sizeOf(bytes, 483, 12);
      // The map goes on in further blocks, which the size does not count.
      let more = bytes[482] !== 0;
      while (more) {
        const map = await this.#source.read(BLOCK);
        if (map === undefined) throw endsEarly();
        more = map[504] !== 0;
      }
    } else if (isSparse) {
      sparseName = pax["GNU.sparse.name"];
      const real = pax["GNU.sparse.realsize"] ?? pax["GNU.sparse.size"];
      if (real !== undefined) size = paxSize("GNU.sparse.size", real);
    }
    const seconds = pax["mtime"] ? paxTime("mtime", pax["mtime"]) : block.mtime;
    const header: TarEntryHeader = {
      name: sparseName ?? name,
      type,
      size,
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
      sparse: isSparse,
    };
    return { header, stored };
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

const NONE: PaxRecords = new Map();
const NO_TEXTS: Readonly<Record<string, string>> = Object.freeze({});
const NO_XATTRS: ReadonlyMap<string, Uint8Array<ArrayBuffer>> = new Map();

/** Global records with an entry's own on top; an empty one takes back what was said. */
function merge(
  global: PaxRecords,
  local: PaxRecords | undefined,
): PaxRecords {
  const records: PaxRecords = new Map(global);
  for (const [key, value] of local ?? []) {
    if (value.byteLength > 0 || key.startsWith("SCHILY.xattr.")) {
      records.set(key, value);
    } else records.delete(key);
  }
  return records;
}

function isPaxSparse(pax: Readonly<Record<string, string>>): boolean {
  for (const key in pax) if (key.startsWith("GNU.sparse.")) return true;
  return false;
}

function longName(bytes: Uint8Array): string {
  return text(
    bytes,
    0,
    bytes.indexOf(0) === -1 ? bytes.length : bytes.indexOf(0),
  );
}

/** The refusal of content that is not stored as it is. */
export function sparse(name: string): LayerError {
  return new LayerError(
    "LAYER_INVALID",
    `Cannot read layer: entry ${
      preview(name)
    } is a sparse file, and sparse files are not supported`,
  );
}
