/** How many bits of a code the first table tells. */
const FIRST = 10;
const FIRST_MASK = (1 << FIRST) - 1;
const MAX_LENGTH = 15;

/**
 * A prefix code of DEFLATE (RFC 1951 §3.2.2) as tables: an entry is a symbol with its
 * code's length below, or 0 where there is no such code; a negative one leads on to a
 * second table for what follows the first bits.
 */
export class PrefixCode {
  /** The first table, and all second ones behind it. */
  readonly table: Int32Array;
  /** What the bits behind the first ones are masked with. */
  restMask = 0;

  /** Makes room for a code of so many symbols. */
  constructor(symbols: number) {
    this.table = new Int32Array(
      (1 << FIRST) + symbols * (1 << (MAX_LENGTH - FIRST)),
    );
  }

  /**
   * Takes the lengths of the symbols' codes, 0 for those that have none.
   *
   * @returns Whether they make a code, which may lack something only if it has no
   * more than one symbol, as for zlib.
   */
  build(lengths: Uint8Array): boolean {
    const { table } = this;
    const count = new Uint16Array(MAX_LENGTH + 1);
    for (const length of lengths) count[length]!++;
    count[0] = 0;
    let longest = MAX_LENGTH;
    while (longest > 0 && count[longest] === 0) longest--;
    const next = new Uint16Array(MAX_LENGTH + 1);
    let left = 1;
    for (let length = 1; length <= MAX_LENGTH; length++) {
      next[length] = (next[length - 1]! + count[length - 1]!) << 1;
      left = left * 2 - count[length]!;
      if (left < 0) return false;
    }
    if (left > 0 && longest > 1) return false;
    table.fill(0, 0, 1 << FIRST);
    const rest = Math.max(0, longest - FIRST);
    this.restMask = (1 << rest) - 1;
    let end = 1 << FIRST;
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      const length = lengths[symbol]!;
      if (length === 0) continue;
      const code = reverse(next[length]!++, length);
      const entry = symbol << 4 | length;
      if (length <= FIRST) {
        for (let at = code; at <= FIRST_MASK; at += 1 << length) {
          table[at] = entry;
        }
        continue;
      }
      const first = code & FIRST_MASK;
      if (table[first] === 0) {
        table[first] = -end;
        table.fill(0, end, end + (1 << rest));
        end += 1 << rest;
      }
      const start = -table[first]!;
      const step = 1 << (length - FIRST);
      for (let at = code >>> FIRST; at < 1 << rest; at += step) {
        table[start + at] = entry;
      }
    }
    return true;
  }

  /** The entry of the code that these bits begin with, the first bit lowest. */
  find(bits: number): number {
    const entry = this.table[bits & FIRST_MASK]!;
    return entry < 0
      ? this.table[-entry + (bits >>> FIRST & this.restMask)]!
      : entry;
  }
}

function reverse(code: number, length: number): number {
  let reversed = 0;
  for (let bit = 0; bit < length; bit++) {
    reversed = reversed << 1 | code >>> bit & 1;
  }
  return reversed;
}
