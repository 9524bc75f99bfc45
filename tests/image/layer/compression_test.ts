import { assert, assertEquals, assertRejects } from "@std/assert";
import { compress, decompress, LayerError } from "@gantry/oci/image/layer";
import { gzipSync } from "node:zlib";
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
