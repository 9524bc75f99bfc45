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

/** Content on both sides of where blocks end, and of where other threads help. */
const SIZES = [0, 1, MIB - 1, MIB, MIB + 1, 3 * MIB, 12 * MIB + 12_345];

Deno.test("compress() makes one gzip member of content of any size", async () => {
  for (const size of SIZES) {
    for (const make of [text, noise]) {
      const content = make(size);
      const packed = await gzip(content);
      // This reads one member only, and refuses what follows it.
      const web = new Blob([packed]).stream()
        .pipeThrough(new DecompressionStream("gzip"));
      assertSame(await new Response(web).bytes(), content);
    }
  }
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
