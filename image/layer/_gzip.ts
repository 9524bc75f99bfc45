import type { Zlib } from "./_node_zlib.ts";
import { BLOCK, BlockDeflater } from "./_block_deflater.ts";

/** Time 0, no name, system unknown, as Go writes it (RFC 1952 §2.3). */
const HEADER = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

/** The last block of a deflate stream, with nothing in it (RFC 1951 §3.2.6). */
const LAST = [3, 0];

/**
 * Compresses pieces into one gzip member. Blocks of one size are compressed side by
 * side and end on a byte, so that they can stand one behind another (RFC 1951 §3.2.4).
 * The pieces may be used again once more is asked for.
 */
export async function* gzip(
  source: AsyncIterable<Uint8Array<ArrayBuffer>>,
  level: number,
  zlib: Zlib,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const deflater = new BlockDeflater(zlib, level);
  // In the order in which they were given.
  const underWay = [Promise.resolve(new Uint8Array(HEADER))];
  let checksum = 0;
  let size = 0;
  try {
    for await (const block of inBlocks(source, deflater)) {
      checksum = zlib.crc32(block, checksum);
      size += block.byteLength;
      const deflated = deflater.deflate(block);
      // It may fail before anybody waits for it.
      deflated.catch(() => {});
      underWay.push(deflated);
      while (underWay.length > deflater.width) yield await underWay.shift()!;
    }
    while (underWay.length > 0) yield await underWay.shift()!;
  } finally {
    deflater.close();
  }
  const end = new DataView(new ArrayBuffer(LAST.length + 8));
  LAST.forEach((byte, index) => end.setUint8(index, byte));
  end.setUint32(LAST.length, checksum, true);
  end.setUint32(LAST.length + 4, size % 2 ** 32, true);
  yield new Uint8Array(end.buffer);
}

/** The same bytes in blocks of one size, each with memory of its own. */
async function* inBlocks(
  source: AsyncIterable<Uint8Array<ArrayBuffer>>,
  deflater: BlockDeflater,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  let block = deflater.takeBlock();
  let used = 0;
  for await (const piece of source) {
    for (let start = 0; start < piece.byteLength;) {
      const part = piece.subarray(start, start + BLOCK - used);
      block.set(part, used);
      start += part.byteLength;
      used += part.byteLength;
      if (used < BLOCK) continue;
      yield block;
      block = deflater.takeBlock();
      used = 0;
    }
  }
  if (used > 0) yield block.subarray(0, used);
}
