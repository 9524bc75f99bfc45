import { assert, assertEquals } from "@std/assert";
import { compress, decompress } from "@gantry/oci/image/layer";
import { gunzipSync } from "node:zlib";
import { streamOf } from "./_archives.ts";

const MIB = 1024 * 1024;

/** Content on both sides of where blocks end, and of where other threads help. */
const SIZES = [0, 1, MIB - 1, MIB, MIB + 1, 3 * MIB, 12 * MIB + 12_345];

/** Words in an order that does not come again. */
function text(size: number): Uint8Array<ArrayBuffer> {
  const words = ["layer ", "digest ", "manifest ", "index ", "blob ", "tag\n"];
  let state = 1;
  let whole = "";
  while (whole.length < size) {
    state = Math.imul(state, 48_271) >>> 0;
    whole += words[(state >>> 8) % words.length];
  }
  return new TextEncoder().encode(whole.slice(0, size));
}

/** What cannot be compressed. */
function noise(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let start = 0; start < size; start += 65_536) {
    crypto.getRandomValues(bytes.subarray(start, start + 65_536));
  }
  return bytes;
}

async function gzip(
  content: Uint8Array<ArrayBuffer>,
  { level = 6, piece = MIB } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const packed = compress(streamOf(content, piece), "gzip", { level });
  return await new Response(ReadableStream.from(packed)).bytes();
}

function assertSame(actual: Uint8Array, expected: Uint8Array): void {
  // Of 12 MiB, a difference would be drawn for minutes.
  assertEquals(actual.byteLength, expected.byteLength);
  assert(actual.every((byte, index) => byte === expected[index]));
}

Deno.test("compress() makes one gzip member of content of any size", async () => {
  for (const size of SIZES) {
    for (const make of [text, noise]) {
      const content = make(size);
      const packed = await gzip(content);
      assertSame(gunzipSync(packed), content);
      // This reads one member only, and refuses what follows it.
      const web = new Blob([packed]).stream()
        .pipeThrough(new DecompressionStream("gzip"));
      assertSame(await new Response(web).bytes(), content);
    }
  }
});

Deno.test("compress() gives the same gzip whatever the pieces are, run after run", async () => {
  const content = text(9 * MIB + 77);
  const first = await gzip(content);
  for (const piece of [MIB, 65_536, 10_007, 5 * MIB]) {
    assertSame(await gzip(content, { piece }), first);
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
  const bytes = await new Response(ReadableStream.from(packed)).bytes();
  assertSame(gunzipSync(bytes), content);
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
  assertSame(
    await new Response(ReadableStream.from(plain)).bytes(),
    content,
  );
});
