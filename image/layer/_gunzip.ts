import { LayerError } from "./errors.ts";

/** How much goes in at once: up to a thousand times as much comes out. */
const STEP = 4 * 1024;
/** Gzip, and nothing else that zlib knows, with its largest window. */
const WINDOW_BITS = 16 + 15;

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
  const { Inflate } = await import("pako");
  const found: Uint8Array<ArrayBuffer>[] = [];
  let left = (): number => 0;
  class Member extends Inflate {
    override onStart(place: { readonly avail_in: number }): void {
      left = () => place.avail_in;
    }
    override onData(piece: Uint8Array<ArrayBuffer>): void {
      found.push(piece);
    }
  }
  let member = new Member({ windowBits: WINDOW_BITS });
  let inZeros = false;
  for await (const piece of source) {
    for (let start = 0; start < piece.byteLength; start += STEP) {
      let part = piece.subarray(start, start + STEP);
      if (member.ended && !inZeros) {
        inZeros = part[0] === 0;
        if (!inZeros) member = new Member({ windowBits: WINDOW_BITS });
      }
      if (!inZeros) {
        member.push(part);
        yield* found.splice(0);
        if (member.err !== 0) throw damagedGzip(member.msg);
        if (!member.ended) continue;
        // It goes on to the next member by itself, but not to zeros.
        part = part.subarray(part.byteLength - left());
        inZeros = part.byteLength > 0;
      }
      if (part.some((byte) => byte !== 0)) {
        throw damagedGzip("something follows it");
      }
    }
  }
  if (!member.ended) throw damagedGzip("it ends early");
}

/** The error of gzip that is not as it should be. */
export function damagedGzip(what: string): LayerError {
  return new LayerError(
    "LAYER_INVALID",
    `Cannot decompress layer: its gzip is damaged: ${what}`,
  );
}
