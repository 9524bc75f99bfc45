import { assert, assertEquals, assertRejects } from "@std/assert";
import { compress, decompress, LayerError } from "@gantry/oci/image/layer";
import { zstdCompressSync } from "node:zlib";
import { random } from "./_random_tree.ts";
import { streamOf } from "./_archives.ts";
import { toBytes } from "./_gzip_content.ts";

const TEXT = new TextEncoder().encode("hello, layer\n".repeat(40_000));

Deno.test("decompress() undoes compress(), zstd", async () => {
  const packed = await toBytes(compress(streamOf(TEXT), "zstd"));
  assertEquals(await toBytes(decompress(streamOf(packed), "zstd")), TEXT);
  // Even where the first bytes come one by one.
  assertEquals(
    await toBytes(decompress(streamOf(packed, 1 + packed.length % 2), "auto")),
    TEXT,
  );
});

Deno.test("decompress() refuses zstd of this runtime that is cut off anywhere", async () => {
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
