import { LayerError } from "./errors.ts";
import { PrefixCode } from "./_prefix_code.ts";

/** How far back content may refer. */
const WINDOW = 32 * 1024;
/** How much is given out at once. */
const CHUNK = 64 * 1024;
const LONGEST = 258;
/** More than the longest description of a block's codes takes, in bytes. */
const HEADER = 600;
/** More than one symbol takes with all that belongs to it, in bytes. */
const SYMBOL = 12;

/** What a length's or a distance's symbol begins at, and how many bits are added: RFC 1951 §3.2.5. */
const LENGTHS = ranges(29, 3, (index) => index < 8 ? 0 : (index >> 2) - 1);
const DISTANCES = ranges(30, 1, (index) => index < 4 ? 0 : (index >> 1) - 1);
// The last length would begin there, too, and needs no bits.
LENGTHS.base[28] = 258;
LENGTHS.extra[28] = 0;

/** In which order the lengths of the codes' own code stand. */
const ORDER = [
  ...[16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15],
];

/** The codes of blocks that bring none. */
const FIXED_LENGTHS = new Uint8Array(288).fill(8, 0, 144).fill(9, 144, 256)
  .fill(7, 256, 280).fill(8, 280);
const FIXED_DISTANCES = new Uint8Array(32).fill(5);

/** Why the work stops for now. */
export type Pause =
  /** More input is needed. */
  | "input"
  /** As much output is there as is given out at once. */
  | "output"
  /** The content is complete. */
  | "end";

/**
 * Decompresses DEFLATE (RFC 1951) where a runtime's own decoder would not do: it
 * says where the content ends, so that what follows it can be read.
 */
export class Inflater {
  /** The input; what is before `position` was used. */
  input: Uint8Array = new Uint8Array(0);
  /** How far the input was used. */
  position = 0;
  /** Whether no more input comes. */
  ended = false;
  readonly #output = new Uint8Array(WINDOW + CHUNK + LONGEST);
  readonly #literals = new PrefixCode(288);
  readonly #distances = new PrefixCode(32);
  readonly #inner = new PrefixCode(19);
  #given = WINDOW;
  #filled = WINDOW;
  /** How far back there is something. */
  #history = 0;
  #hold = 0;
  #bits = 0;
  #last = false;
  #state: "block" | "stored" | "codes" | "end" = "block";
  #left = 0;

  /** Begins anew with other content behind. */
  reset(): void {
    this.#history = 0;
    this.#last = false;
    this.#state = "block";
  }

  /** Takes what came out so far; it is good until the work goes on. */
  take(): Uint8Array {
    const piece = this.#output.subarray(this.#given, this.#filled);
    this.#given = this.#filled;
    return piece;
  }

  /** Works on until it must stop. */
  run(): Pause {
    this.#shift();
    while (true) {
      switch (this.#state) {
        case "block":
          if (this.#lacks(HEADER)) return this.#giveBack();
          this.#beginBlock();
          break;
        case "stored": {
          const pause = this.#copyStored();
          if (pause !== undefined) return pause;
          break;
        }
        case "codes": {
          const pause = this.#decode();
          if (pause === "input") return this.#giveBack();
          if (pause !== undefined) return pause;
          break;
        }
        case "end":
          return "end";
      }
    }
  }

  #lacks(count: number): boolean {
    return !this.ended && this.input.byteLength - this.position < count;
  }

  /** Makes room behind the window. */
  #shift(): void {
    if (this.#given < this.#filled || this.#filled < WINDOW + CHUNK) return;
    this.#output.copyWithin(0, this.#filled - WINDOW, this.#filled);
    this.#given = this.#filled = WINDOW;
  }

  #take(count: number): number {
    while (this.#bits < count) {
      if (this.position >= this.input.byteLength) throw endsEarly();
      this.#hold |= this.input[this.position++]! << this.#bits;
      this.#bits += 8;
    }
    const value = this.#hold & (1 << count) - 1;
    this.#hold >>>= count;
    this.#bits -= count;
    return value;
  }

  #endBlock(): void {
    this.#state = this.#last ? "end" : "block";
    if (this.#last) this.#toByte();
  }

  /** Gives back the whole bytes that were looked at too early, while they are there. */
  #giveBack(): Pause {
    this.position -= this.#bits >> 3;
    this.#bits &= 7;
    this.#hold &= (1 << this.#bits) - 1;
    return "input";
  }

  /** As above, and leaves out what is left of a byte. */
  #toByte(): void {
    this.#giveBack();
    this.#hold = this.#bits = 0;
  }

  #beginBlock(): void {
    this.#last = this.#take(1) === 1;
    switch (this.#take(2)) {
      case 0: {
        this.#toByte();
        this.#left = this.#take(16);
        if ((this.#take(16) ^ 0xffff) !== this.#left) {
          throw damaged("a stored block's length");
        }
        this.#state = "stored";
        return;
      }
      case 1:
        this.#literals.build(FIXED_LENGTHS);
        this.#distances.build(FIXED_DISTANCES);
        break;
      case 2:
        this.#readCodes();
        break;
      default:
        throw damaged("a block's type");
    }
    this.#state = "codes";
  }

  #readCodes(): void {
    const literals = this.#take(5) + 257;
    const distances = this.#take(5) + 1;
    const count = this.#take(4) + 4;
    if (literals > 286 || distances > 30) throw damaged("a code's size");
    const inner = new Uint8Array(19);
    for (let index = 0; index < count; index++) {
      inner[ORDER[index]!] = this.#take(3);
    }
    if (!this.#inner.build(inner)) throw damaged("the code of codes");
    const lengths = new Uint8Array(literals + distances);
    for (let index = 0; index < lengths.byteLength;) {
      const symbol = this.#symbol(this.#inner);
      if (symbol < 16) {
        lengths[index++] = symbol;
        continue;
      }
      if (symbol === 16 && index === 0) throw damaged("a code's length");
      const value = symbol === 16 ? lengths[index - 1]! : 0;
      const times = symbol === 16
        ? 3 + this.#take(2)
        : symbol === 17
        ? 3 + this.#take(3)
        : 11 + this.#take(7);
      if (index + times > lengths.byteLength) throw damaged("a code's length");
      lengths.fill(value, index, index += times);
    }
    if (
      lengths[256] === 0 ||
      !this.#literals.build(lengths.subarray(0, literals)) ||
      !this.#distances.build(lengths.subarray(literals))
    ) throw damaged("a block's codes");
  }

  #symbol(code: PrefixCode): number {
    // At the very end the bits behind are taken for zeros.
    while (this.#bits < 15 && this.position < this.input.byteLength) {
      this.#hold |= this.input[this.position++]! << this.#bits;
      this.#bits += 8;
    }
    const entry = code.find(this.#hold);
    const length = entry & 15;
    if (length === 0) throw damaged("a code");
    if (length > this.#bits) throw endsEarly();
    this.#hold >>>= length;
    this.#bits -= length;
    return entry >> 4;
  }

  #copyStored(): Pause | undefined {
    while (this.#left > 0) {
      const room = WINDOW + CHUNK - this.#filled;
      if (room <= 0) return "output";
      const there = this.input.byteLength - this.position;
      if (there === 0) {
        if (this.ended) throw endsEarly();
        return "input";
      }
      const count = Math.min(this.#left, room, there);
      this.#output.set(
        this.input.subarray(this.position, this.position + count),
        this.#filled,
      );
      this.position += count;
      this.#filled += count;
      this.#left -= count;
      this.#history = Math.min(WINDOW, this.#history + count);
    }
    this.#endBlock();
    return undefined;
  }

  /** The inner loop: everything is in variables of its own, for speed. */
  #decode(): Pause | undefined {
    const { input } = this;
    const output = this.#output;
    const literals = this.#literals;
    const distances = this.#distances;
    const size = input.byteLength;
    const safe = this.ended ? Infinity : size - SYMBOL;
    const start = this.#filled;
    const before = this.#history;
    let { position } = this;
    let hold = this.#hold;
    let bits = this.#bits;
    let filled = start;
    let pause: Pause | undefined;
    while (true) {
      if (filled >= WINDOW + CHUNK) {
        pause = "output";
        break;
      }
      if (position > safe) {
        pause = "input";
        break;
      }
      // Behind the input's end there are zeros; whether they were used is seen below.
      if (bits < 16) {
        hold |= (input[position]! | input[position + 1]! << 8) << bits;
        position += 2;
        bits += 16;
      }
      let entry = literals.find(hold);
      let length = entry & 15;
      if (length === 0) throw damaged("a code");
      hold >>>= length;
      bits -= length;
      const symbol = entry >> 4;
      if (symbol < 256) {
        output[filled++] = symbol;
        if (position - (bits >> 3) > size) throw endsEarly();
        continue;
      }
      if (symbol === 256) {
        if (position - (bits >> 3) > size) throw endsEarly();
        break;
      }
      if (symbol > 285) throw damaged("a length");
      if (bits < 16) {
        hold |= (input[position]! | input[position + 1]! << 8) << bits;
        position += 2;
        bits += 16;
      }
      let extra = LENGTHS.extra[symbol - 257]!;
      let left = LENGTHS.base[symbol - 257]! + (hold & (1 << extra) - 1);
      hold >>>= extra;
      bits -= extra;
      if (bits < 16) {
        hold |= (input[position]! | input[position + 1]! << 8) << bits;
        position += 2;
        bits += 16;
      }
      entry = distances.find(hold);
      length = entry & 15;
      if (length === 0 || entry >> 4 > 29) throw damaged("a distance");
      hold >>>= length;
      bits -= length;
      if (bits < 16) {
        hold |= (input[position]! | input[position + 1]! << 8) << bits;
        position += 2;
        bits += 16;
      }
      extra = DISTANCES.extra[entry >> 4]!;
      const distance = DISTANCES.base[entry >> 4]! +
        (hold & (1 << extra) - 1);
      hold >>>= extra;
      bits -= extra;
      if (position - (bits >> 3) > size) throw endsEarly();
      if (distance > before + filled - start) throw damaged("a distance");
      for (let from = filled - distance; left > 0; left--) {
        output[filled++] = output[from++]!;
      }
    }
    this.position = position;
    this.#hold = hold;
    this.#bits = bits;
    this.#filled = filled;
    this.#history = Math.min(WINDOW, before + filled - start);
    if (pause === undefined) this.#endBlock();
    return pause;
  }
}

interface Ranges {
  readonly base: Uint16Array;
  readonly extra: Uint8Array;
}

function ranges(
  count: number,
  first: number,
  extraOf: (index: number) => number,
): Ranges {
  const base = new Uint16Array(count);
  const extra = new Uint8Array(count);
  let next = first;
  for (let index = 0; index < count; index++) {
    base[index] = next;
    extra[index] = extraOf(index);
    next += 1 << extra[index]!;
  }
  return { base, extra };
}

function damaged(what: string): LayerError {
  return new LayerError(
    "LAYER_INVALID",
    `Cannot decompress layer: its gzip is damaged, ${what} is wrong`,
  );
}

/** The error of content that is cut off. */
export function endsEarly(): LayerError {
  return new LayerError(
    "LAYER_INVALID",
    "Cannot decompress layer: its gzip is damaged, it ends early",
  );
}
