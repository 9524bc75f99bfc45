import { assert, assertEquals, assertRejects } from "@std/assert";
import { compress, decompress, LayerError } from "@gantry/oci/image/layer";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { random } from "./_random_tree.ts";
import { streamOf } from "./_archives.ts";

const TEXT = new TextEncoder().encode("hello, layer\n".repeat(40_000));

async function toBytes(
  pieces: AsyncIterable<Uint8Array<ArrayBuffer>>,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(
    await new Response(ReadableStream.from(pieces)).arrayBuffer(),
  );
}

for (const compression of ["none", "gzip", "zstd"] as const) {
  Deno.test(`decompress() undoes compress(), ${compression}`, async () => {
    const packed = await toBytes(compress(streamOf(TEXT), compression));
    assertEquals(
      await toBytes(decompress(streamOf(packed), compression)),
      TEXT,
    );
    // Even where the first bytes come one by one.
    assertEquals(
      await toBytes(
        decompress(streamOf(packed, 1 + packed.length % 2), "auto"),
      ),
      TEXT,
    );
  });
}

Deno.test("decompress() reads several gzip members", async () => {
  const packed = await new Blob([
    new Uint8Array(gzipSync(TEXT.subarray(0, 1000))),
    new Uint8Array(gzipSync(TEXT.subarray(1000))),
  ]).bytes();
  assertEquals(await toBytes(decompress(streamOf(packed, 7777))), TEXT);
});

Deno.test("decompress() takes short content for uncompressed", async () => {
  for (const text of ["", "a", "abc", "\x1f"]) {
    const bytes = new TextEncoder().encode(text);
    assertEquals(await toBytes(decompress(streamOf(bytes))), bytes);
  }
});

Deno.test("decompress() reports damage as the layer's", async () => {
  const packed = await toBytes(compress(streamOf(TEXT), "gzip"));
  const flipped = packed.slice();
  flipped[packed.length >> 1]! ^= 0xff;
  const wrong = new TextEncoder().encode("this is not compressed at all");
  for (const bytes of [packed.slice(0, -6), flipped, wrong]) {
    const error = await assertRejects(
      () => toBytes(decompress(streamOf(bytes), "gzip")),
      LayerError,
      "Cannot decompress layer",
    );
    assertEquals(error.code, "LAYER_INVALID");
  }
});

Deno.test("compress() and decompress() pass failures of their source on", async () => {
  const failure = new Error("the line was cut");
  const packed = new Uint8Array(gzipSync(TEXT));
  for (const stage of [compress, decompress]) {
    const source = async function* (): AsyncGenerator<
      Uint8Array<ArrayBuffer>
    > {
      yield packed.slice(0, 500);
      await Promise.resolve();
      throw failure;
    };
    const error = await assertRejects(() => toBytes(stage(source(), "gzip")));
    assert(error === failure);
  }
});

Deno.test("compress() and decompress() end their source when they are left", async () => {
  const packed = new Uint8Array(gzipSync(TEXT));
  for (const stage of [compress, decompress]) {
    for (const compression of ["gzip", "none"] as const) {
      let ended = false;
      const source = async function* (): AsyncGenerator<
        Uint8Array<ArrayBuffer>
      > {
        try {
          yield packed.slice();
          while (true) {
            await new Promise((done) => setTimeout(done, 1));
            yield new Uint8Array(crypto.getRandomValues(new Uint8Array(65536)));
          }
        } finally {
          ended = true;
        }
      };
      for await (const _ of stage(source(), compression)) break;
      assert(ended);
    }
  }
});

Deno.test("decompress() reads several zstd frames, of the size of its buffers too", async () => {
  for (const size of [0, 1, 65_536, 131_072, 262_144]) {
    const content = new Uint8Array(size).fill(7);
    const skippable = [0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 2];
    const packed = await new Blob([
      new Uint8Array(zstdCompressSync(content)),
      new Uint8Array(skippable),
      new Uint8Array(zstdCompressSync(TEXT)),
      new Uint8Array(zstdCompressSync(content)),
    ]).bytes();
    const whole = await new Blob([content, TEXT, content]).bytes();
    assertEquals(await toBytes(decompress(streamOf(packed, 777))), whole);
  }
});

Deno.test("decompress() refuses zstd that is cut off anywhere", async () => {
  const packed = new Uint8Array(zstdCompressSync(TEXT.subarray(0, 200_000)));
  for (let length = 4; length < packed.length; length++) {
    const error = await assertRejects(
      () => toBytes(decompress(streamOf(packed.slice(0, length)), "zstd")),
      LayerError,
    );
    assertEquals(error.code, "LAYER_INVALID");
  }
});

Deno.test("decompress() survives damaged zstd", async () => {
  const next = random(1);
  const lines = Array.from({ length: 20_000 }, (_, n) => `${n * n % 977} ${n}`);
  const text = new TextEncoder().encode(lines.join("\n"));
  const packed = new Uint8Array(zstdCompressSync(text));
  let refused = 0;
  for (let round = 0; round < 200; round++) {
    const damaged = packed.slice();
    const range = next() < 0.3 ? 40 : packed.length;
    for (let count = 0; count < 3; count++) {
      damaged[4 + Math.floor(next() * (range - 4))]! ^= 1 + next() * 255;
    }
    try {
      await toBytes(decompress(streamOf(damaged, 65_536), "zstd"));
    } catch (error) {
      assert(error instanceof LayerError);
      refused++;
    }
  }
  assert(refused > 100);
});

Deno.test("decompress() refuses a zstd window beyond its memory", async () => {
  // Magic, no flags, a window of 2 GiB, an empty last block.
  const bytes = new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 0, 21 << 3, 1, 0, 0]);
  await assertRejects(() => toBytes(decompress(streamOf(bytes))), LayerError);
});
