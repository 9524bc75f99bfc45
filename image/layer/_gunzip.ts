import { LayerError } from "./errors.ts";
import { endsEarly, Inflater } from "./_inflater.ts";

/** Flags of a member's header: RFC 1952 §2.3.1. */
const HAS_CHECK = 2;
const HAS_EXTRA = 4;
const HAS_NAME = 8;
const HAS_COMMENT = 16;
const RESERVED = 0xe0;

/**
 * Decompresses gzip, of any number of members, with zeros behind them, which tapes
 * and block devices leave. The decoder of web runtimes takes one member only, and
 * tells nobody where it ends.
 *
 * @throws {LayerError} The content is damaged or ends early.
 */
export async function* gunzip(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  const inflater = new Inflater();
  const reader = new Reader(inflater, iterator);
  try {
    let members = 0;
    while (true) {
      const first = await reader.peek();
      if (members > 0 && (first === undefined || first === 0)) break;
      await readHeader(reader);
      yield* member(inflater, reader);
      members++;
    }
    await readZeros(reader);
  } finally {
    await iterator.return?.();
  }
}

async function* member(
  inflater: Inflater,
  reader: Reader,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  inflater.reset();
  let size = 0;
  let checksum = 0;
  while (true) {
    const pause = inflater.run();
    if (pause === "input") {
      await reader.fill();
      continue;
    }
    const piece = inflater.take();
    checksum = crc32(piece, checksum);
    size += piece.byteLength;
    if (piece.byteLength > 0) yield new Uint8Array(piece);
    if (pause === "end") break;
  }
  if (await reader.number() !== checksum) throw damaged("its checksum");
  if (await reader.number() !== size % 2 ** 32) throw damaged("its size");
}

async function readHeader(reader: Reader): Promise<void> {
  const bytes: number[] = [];
  while (bytes.length < 10) bytes.push(await reader.byte());
  const flags = bytes[3]!;
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) throw damaged("a member's start");
  if (bytes[2] !== 8 || (flags & RESERVED) !== 0) throw damaged("its header");
  if ((flags & HAS_EXTRA) !== 0) {
    const size = await reader.byte() + await reader.byte() * 256;
    for (let left = size; left > 0; left--) await reader.byte();
  }
  for (const flag of [HAS_NAME, HAS_COMMENT]) {
    if ((flags & flag) !== 0) { while (await reader.byte() !== 0); }
  }
  if ((flags & HAS_CHECK) !== 0) {
    for (let left = 2; left > 0; left--) await reader.byte();
  }
}

async function readZeros(reader: Reader): Promise<void> {
  while (await reader.peek() !== undefined) {
    if (await reader.byte() !== 0) {
      throw damaged("what follows it");
    }
  }
}

/** What surrounds the compressed content, byte by byte. */
class Reader {
  readonly #inflater: Inflater;
  readonly #source: AsyncIterator<Uint8Array>;

  constructor(inflater: Inflater, source: AsyncIterator<Uint8Array>) {
    this.#inflater = inflater;
    this.#source = source;
  }

  /** Gives the inflater one more piece, or tells it that none comes. */
  async fill(): Promise<void> {
    const { input, position } = this.#inflater;
    // The memory of a piece may be used for the next one.
    const rest = input.slice(position);
    const { value, done } = await this.#source.next();
    if (done) this.#inflater.ended = true;
    else if (rest.byteLength === 0) this.#inflater.input = value;
    else {
      const joined = new Uint8Array(rest.byteLength + value.byteLength);
      joined.set(rest);
      joined.set(value, rest.byteLength);
      this.#inflater.input = joined;
    }
    if (!done) this.#inflater.position = 0;
  }

  /** The next byte, or undefined at the end. */
  async peek(): Promise<number | undefined> {
    const inflater = this.#inflater;
    while (inflater.position >= inflater.input.byteLength) {
      if (inflater.ended) return undefined;
      await this.fill();
    }
    return inflater.input[inflater.position];
  }

  /** Takes the next byte. */
  async byte(): Promise<number> {
    const byte = await this.peek();
    if (byte === undefined) throw endsEarly();
    this.#inflater.position++;
    return byte;
  }

  /** Takes a number of 32 bits. */
  async number(): Promise<number> {
    let value = 0;
    for (const place of [1, 2 ** 8, 2 ** 16, 2 ** 24]) {
      value += await this.byte() * place;
    }
    return value;
  }
}

/** The tables of the checksum, each for bytes that stand one place further. */
const TABLES: readonly Int32Array[] = tables();

function tables(): Int32Array[] {
  const made = [0, 1, 2, 3].map(() => new Int32Array(256));
  for (let index = 0; index < 256; index++) {
    let value = index;
    for (let bit = 0; bit < 8; bit++) {
      value = value >>> 1 ^ (value & 1 ? 0xedb88320 : 0);
    }
    made[0]![index] = value;
  }
  for (let index = 0; index < 256; index++) {
    for (let place = 1; place < 4; place++) {
      const value = made[place - 1]![index]!;
      made[place]![index] = value >>> 8 ^ made[0]![value & 0xff]!;
    }
  }
  return made;
}

/** The checksum of RFC 1952 §8, over what was before and a piece. */
function crc32(piece: Uint8Array, before: number): number {
  const [a, b, c, d] = TABLES as [
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  let value = ~before;
  let index = 0;
  const whole = piece.byteLength & ~3;
  for (; index < whole; index += 4) {
    value ^= piece[index]! | piece[index + 1]! << 8 | piece[index + 2]! << 16 |
      piece[index + 3]! << 24;
    value = d[value & 0xff]! ^ c[value >>> 8 & 0xff]! ^
      b[value >>> 16 & 0xff]! ^ a[value >>> 24]!;
  }
  for (; index < piece.byteLength; index++) {
    value = value >>> 8 ^ a[(value ^ piece[index]!) & 0xff]!;
  }
  return ~value >>> 0;
}

function damaged(what: string): LayerError {
  return new LayerError(
    "LAYER_INVALID",
    `Cannot decompress layer: its gzip is damaged, ${what} is wrong`,
  );
}
