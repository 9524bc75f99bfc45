import { preview } from "../../digest/_preview.ts";
import { BLOCK, isSize, sizeOf, type TarBlock } from "./_tar_block.ts";
import { damaged, endsEarly, type TarSource } from "./_tar_source.ts";

/** A part of a sparse file that is stored; what is between them is zeros. */
export interface Segment {
  /** Where it stands in the file. */
  readonly offset: number;
  /** How many bytes it has. */
  readonly length: number;
}

/** What an archive says of a sparse file. */
export interface SparseFile {
  /** The parts that are stored, in their order. */
  readonly segments: readonly Segment[];
  /** The size of the file with its holes. */
  readonly size: number;
  /** The size of what is stored behind the map. */
  readonly stored: number;
  /** The file's name, where the header has another one. */
  readonly name?: string | undefined;
}

/** The most parts that a file may have: memory is taken for each. */
const MAX_SEGMENTS = 250_000;

/** How many parts a header's block of GNU's old form holds, and each further block. */
const IN_HEADER = 4;
const IN_BLOCK = 21;

/** Reads the map of GNU's old form, which goes on in blocks that the size does not count. */
export async function readOldMap(
  block: TarBlock,
  bytes: Uint8Array,
  source: TarSource,
): Promise<SparseFile> {
  if (block.magic !== "ustar  ") {
    throw damaged(`entry ${preview(block.name)} is sparse in no known way`);
  }
  const size = sizeOf(bytes, 483, 12);
  const segments: Segment[] = [];
  addEntries(segments, bytes, 386, IN_HEADER);
  let more = bytes[482] !== 0;
  while (more) {
    const map = await source.read(BLOCK);
    if (map === undefined) throw endsEarly();
    addEntries(segments, map, 0, IN_BLOCK);
    more = map[504] !== 0;
  }
  return checked({ segments, size, stored: block.size });
}

function addEntries(
  segments: Segment[],
  bytes: Uint8Array,
  start: number,
  count: number,
): void {
  for (let index = 0; index < count; index++) {
    const at = start + index * 24;
    // Unused places are zeros, and only the last ones are unused.
    if (bytes[at] === 0) return;
    add(segments, sizeOf(bytes, at, 12), sizeOf(bytes, at + 12, 12));
  }
}

/** Reads the map of GNU's PAX forms 0.0, 0.1 and 1.0; gives undefined for a file that is not sparse. */
export async function readPaxMap(
  pax: Readonly<Record<string, string>>,
  stored: number,
  source: TarSource,
): Promise<SparseFile | undefined> {
  const map = pax["GNU.sparse.map"];
  const major = pax["GNU.sparse.major"];
  const old = pax["GNU.sparse.size"];
  if (map === undefined && major === undefined && old === undefined) {
    return undefined;
  }
  const name = pax["GNU.sparse.name"];
  const size = wholeNumber(pax["GNU.sparse.realsize"] ?? old ?? "");
  const version = `${major ?? 0}.${pax["GNU.sparse.minor"] ?? 1}`;
  if (version === "1.0") {
    const { segments, length } = await readStoredMap(source, stored);
    return checked({ segments, size, stored: stored - length, name });
  }
  if (version !== "0.0" && version !== "0.1") {
    throw damaged(`sparse files of version ${preview(version)} are not known`);
  }
  return checked({ segments: parseMap(map ?? ""), size, stored, name });
}

/** Reads `offset,length,offset,length`. */
function parseMap(map: string): Segment[] {
  const numbers = map === "" ? [] : map.split(",").map(wholeNumber);
  if (numbers.length % 2 !== 0) throw damaged("a sparse file's map is cut");
  const segments: Segment[] = [];
  for (let index = 0; index < numbers.length; index += 2) {
    add(segments, numbers[index]!, numbers[index + 1]!);
  }
  return segments;
}

/** Reads the map that stands before the content: numbers in lines, filled to whole blocks. */
async function readStoredMap(
  source: TarSource,
  stored: number,
): Promise<{ readonly segments: Segment[]; readonly length: number }> {
  const segments: Segment[] = [];
  let length = 0;
  let wanted: number | undefined;
  let offset: number | undefined;
  let digits = "";
  while (wanted === undefined || segments.length < wanted) {
    length += BLOCK;
    if (length > stored) throw damaged("a sparse file's map is cut");
    const block = await source.read(BLOCK);
    if (block === undefined) throw endsEarly();
    for (const byte of block) {
      if (byte !== 0x0a) {
        digits += String.fromCharCode(byte);
        if (digits.length > 16) {
          throw damaged("a sparse file's map is malformed");
        }
        continue;
      }
      const value = wholeNumber(digits);
      digits = "";
      if (wanted === undefined) wanted = value;
      else if (offset === undefined) offset = value;
      else {
        add(segments, offset, value);
        offset = undefined;
      }
      if (segments.length === wanted) break;
    }
  }
  return { segments, length };
}

function add(segments: Segment[], offset: number, length: number): void {
  if (segments.length === MAX_SEGMENTS) {
    throw damaged(`expected a sparse file of at most ${MAX_SEGMENTS} parts`);
  }
  segments.push({ offset, length });
}

function wholeNumber(digits: string): number {
  const value = /^\d{1,16}$/.test(digits) ? Number(digits) : NaN;
  if (isSize(value)) return value;
  throw damaged(
    `expected a whole number in a sparse file's map, found ${preview(digits)}`,
  );
}

/** Checks that the parts follow each other inside of the file, and are all that is stored. */
function checked(file: SparseFile): SparseFile {
  let end = 0;
  let sum = 0;
  for (const { offset, length } of file.segments) {
    if (offset < end) {
      throw damaged("expected the parts of a sparse file in their order");
    }
    end = offset + length;
    sum += length;
    if (end > file.size) {
      throw damaged("expected the parts of a sparse file within its size");
    }
  }
  if (sum === file.stored) return file;
  throw damaged(
    `expected ${sum} bytes of a sparse file, found ${file.stored}`,
  );
}

/** The size of the pieces that holes are given out in. */
const HOLE = 64 * 1024;

/** What the stored parts are taken from. */
export interface PieceSource {
  /** Takes what has come, up to an amount. */
  takePiece(most?: number): Uint8Array<ArrayBuffer> | undefined;
  /** Waits for more; says no at the end. */
  wait(): Promise<boolean>;
}

/** A sparse file's content, holes as zeros. The pieces are the caller's own. */
export async function* expand(
  { segments, size }: SparseFile,
  source: PieceSource,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  let position = 0;
  function* hole(end: number): Generator<Uint8Array<ArrayBuffer>> {
    while (position < end) {
      const piece = new Uint8Array(Math.min(HOLE, end - position));
      position += piece.byteLength;
      yield piece;
    }
  }
  for (const { offset, length } of segments) {
    yield* hole(offset);
    for await (const piece of take(source, length)) {
      position += piece.byteLength;
      yield piece.slice();
    }
  }
  yield* hole(size);
}

/** Takes exactly an amount, in pieces that are good until the next one is asked for. */
export async function* take(
  source: PieceSource,
  length: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  for (let left = length; left > 0;) {
    const piece = source.takePiece(left);
    if (piece !== undefined) {
      left -= piece.byteLength;
      yield piece;
    } else if (!await source.wait()) return;
  }
}
