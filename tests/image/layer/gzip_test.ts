import { assertEquals } from "@std/assert";
import { compress, decompress } from "@gantry/oci/image/layer";
import { streamOf } from "./_archives.ts";
import {
  assertSame,
  gzip,
  MIB,
  noise,
  text,
  toBytes,
} from "./_gzip_content.ts";

/** Reads one member only, and refuses what follows it. */
async function unpack(
  packed: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const content = new Blob([packed]).stream()
    .pipeThrough(new DecompressionStream("gzip"));
  return await new Response(content).bytes();
}

/** Content on both sides of where blocks end, and of where other threads help. */
const SIZES = [0, 1, MIB - 1, MIB, MIB + 1, 3 * MIB, 12 * MIB + 12_345];

Deno.test("compress() makes one gzip member of content of any size", async () => {
  for (const size of SIZES) {
    for (const make of [text, noise]) {
      const content = make(size);
      assertSame(await unpack(await gzip(content)), content);
    }
  }
});

Deno.test("compress() leaves the pieces that it is given as they are", async () => {
  const content = text(6 * MIB);
  await gzip(content);
  assertSame(content, text(6 * MIB));
});

Deno.test("compress() takes a piece's memory for used when it asks for more", async () => {
  const content = text(6 * MIB);
  async function* reusing(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const piece = new Uint8Array(300_000);
    for (let start = 0; start < content.byteLength;) {
      const part = content.subarray(start, start + piece.byteLength);
      piece.set(part);
      yield piece.subarray(0, part.byteLength);
      start += part.byteLength;
      piece.fill(0);
    }
  }
  const packed = compress(reusing(), "gzip");
  assertSame(await unpack(await toBytes(packed)), content);
});

Deno.test("compress() can be left while other threads are at work", async () => {
  const content = text(12 * MIB);
  let seen = 0;
  for await (const _ of compress(streamOf(content, MIB), "gzip")) {
    if (++seen === 5) break;
  }
  assertEquals(seen, 5);
});

Deno.test("decompress() reads what compress() made in blocks", async () => {
  const content = text(4 * MIB);
  const plain = decompress(streamOf(await gzip(content), 10_000));
  assertSame(await toBytes(plain), content);
});
