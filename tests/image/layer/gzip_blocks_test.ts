import { assert } from "@std/assert";
import { gunzipSync } from "node:zlib";
import { assertSame, gzip, MIB, noise, text } from "./_gzip_content.ts";

Deno.test("compress() gives the same gzip whatever the pieces are, run after run", async () => {
  const content = text(9 * MIB + 77);
  const first = await gzip(content);
  for (const piece of [MIB, 65_536, 10_007, 5 * MIB]) {
    assertSame(await gzip(content, { piece }), first);
  }
});

Deno.test("compress() finds what stands in dense content twice", async () => {
  const file = noise(4096);
  const copies = new Uint8Array(4 * MIB);
  for (let start = 0; start < copies.byteLength; start += file.byteLength) {
    copies.set(file, start);
  }
  assert((await gzip(copies)).byteLength < copies.byteLength / 20);
});

Deno.test("compress() keeps gzip of dense content within 0.1 % of its size", async () => {
  const content = noise(3 * MIB);
  const { byteLength } = await gzip(content);
  assert(byteLength < 1.001 * content.byteLength);
});

Deno.test("compress() packs smaller with a higher level of gzip, dense content too", async () => {
  // Noise with what only a search finds, in fewer places than a probe of it shows.
  const content = noise(2 * MIB);
  content.copyWithin(MIB / 4 - 30_000, MIB / 4 - 60_000, MIB / 4 - 30_000);
  const usual = await gzip(content);
  const best = await gzip(content, { level: 9 });
  assert(best.byteLength < usual.byteLength);
  assertSame(gunzipSync(best), content);
  const words = text(2 * MIB);
  const fast = await gzip(words, { level: 1 });
  assert((await gzip(words)).byteLength < fast.byteLength);
});
