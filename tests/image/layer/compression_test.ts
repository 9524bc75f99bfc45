import { assert, assertEquals, assertRejects } from "@std/assert";
import { decodeBase64 } from "@std/encoding/base64";
import { compress, decompress, LayerError } from "@gantry/oci/image/layer";
import { streamOf } from "./_archives.ts";
import { toBytes } from "./_gzip_content.ts";
import { zstdBomb } from "./_tar_blocks.ts";

const TEXT = new TextEncoder().encode("hello, layer\n".repeat(40_000));

/** The text as the reference encoder of zstd packs it, in several blocks. */
const TEXT_ZSTD = decodeBase64(
  "KLUv/QBYrAAAaGhlbGxvLCBsYXllcgoBAPD/kM8vTAAACCABAPz/ORACTAAACAoBAPz/ORACTQAACCwBADzvORAC",
);
/** So many bytes of 7 as that encoder packs them. */
const SEVENS: Readonly<Record<number, string>> = {
  0: "KLUv/QBYAQAA",
  1: "KLUv/QBYCQAABw==",
  65536: "KLUv/QBYVQAAEAcHAQD7fx1gAQ==",
  131072: "KLUv/QBYVAAAEAcHAQD7/znAAgEAAA==",
  262144: "KLUv/QBYVAAAEAcHAQD7/znAAgIAEAcBAAA=",
};
/** Words with a checksum behind them. */
const WORDS =
  "a few words, a few words more, and a few words again, with a word or two of others: a few\n"
    .repeat(2);
const WORDS_ZSTD = decodeBase64(
  "KLUv/QRoBQIAckMLEbC5GACJW5SVzN9QcTTkQwEBIKS8ovjAcfXE7aJmL2SMmEB2XeL5SiJx3xtbBQDXhSlQNeHN6+c8CBjzC+zjj2I=",
);

/** One member of gzip. */
async function gzip(
  content: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const packed = new Blob([content]).stream()
    .pipeThrough(new CompressionStream("gzip"));
  return await new Response(packed).bytes();
}

for (const compression of ["none", "gzip"] as const) {
  Deno.test(`decompress() undoes compress(), ${compression}`, async () => {
    const packed = await toBytes(compress(streamOf(TEXT), compression));
    assertEquals(
      await toBytes(decompress(streamOf(packed), compression)),
      TEXT,
    );
    // Even where the first bytes come one by one.
    for (const step of [1, 2]) {
      const start = TEXT.slice(0, 10_000);
      const short = await toBytes(compress(streamOf(start), compression));
      const found = decompress(streamOf(short, step), "auto");
      assertEquals(await toBytes(found), start);
    }
  });
}

Deno.test("compress() refuses levels that gzip does not have, and other compressions", async () => {
  for (const level of [0, 10, -1, 1.5, NaN]) {
    await assertRejects(
      () => toBytes(compress(streamOf(new Uint8Array()), "gzip", { level })),
      RangeError,
      `Cannot compress at level ${level}: expected a whole number from 1 to 9`,
    );
  }
  await assertRejects(
    () => toBytes(compress(streamOf(TEXT), "brotli" as "gzip")),
    TypeError,
    "Cannot compress with brotli: expected none, gzip or zstd",
  );
});

Deno.test("decompress() lets itself be stopped while little unpacks to much", async () => {
  async function* bomb(
    size?: number,
  ): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    yield zstdBomb().slice(0, size);
  }
  // Loads the decoder.
  await assertRejects(
    () => toBytes(decompress(bomb(1000), "auto")),
    LayerError,
    "it ends early",
  );
  const reason = new RangeError("enough");
  const stop = new AbortController();
  const { signal } = stop;
  // By then the decoder is at work.
  setTimeout(() => stop.abort(reason), 50);
  const error = await assertRejects(async () => {
    for await (const _ of decompress(bomb(), "auto", { signal }));
  });
  assertEquals(error, reason);
});

Deno.test("decompress() reads several gzip members", async () => {
  const packed = await new Blob([
    await gzip(TEXT.slice(0, 1000)),
    await gzip(TEXT.slice(1000)),
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
  const packed = await gzip(TEXT);
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
  const packed = await gzip(TEXT);
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
  for (const [size, frame] of Object.entries(SEVENS)) {
    const content = new Uint8Array(Number(size)).fill(7);
    const skippable = [0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 2];
    const packed = await new Blob([
      decodeBase64(frame),
      new Uint8Array(skippable),
      TEXT_ZSTD,
      decodeBase64(frame),
    ]).bytes();
    const whole = await new Blob([content, TEXT, content]).bytes();
    for (const step of [7, 777, packed.length]) {
      assertEquals(await toBytes(decompress(streamOf(packed, step))), whole);
    }
  }
});

Deno.test("decompress() refuses zstd that is cut off anywhere", async () => {
  for (let length = 4; length < TEXT_ZSTD.length; length++) {
    const cut = TEXT_ZSTD.slice(0, length);
    const error = await assertRejects(
      () => toBytes(decompress(streamOf(cut), "zstd")),
      LayerError,
    );
    assertEquals(error.code, "LAYER_INVALID");
  }
});

Deno.test("decompress() gives nothing wrong from zstd with a bit changed", async () => {
  let tried = 0;
  let refused = 0;
  for (const at of WORDS_ZSTD.keys()) {
    // Of what stands before the content each bit counts.
    for (const bit of at < 12 ? [0, 1, 2, 3, 4, 5, 6, 7] : [at % 8]) {
      const changed = WORDS_ZSTD.slice();
      changed[at]! ^= 1 << bit;
      tried++;
      try {
        const found = await toBytes(decompress(streamOf(changed), "zstd"));
        assertEquals(new TextDecoder().decode(found), WORDS, `${at}, ${bit}`);
      } catch (error) {
        assert(error instanceof LayerError, String(error));
        refused++;
      }
    }
  }
  assert(refused > 0.9 * tried, `${refused} of ${tried}`);
});

Deno.test("decompress() refuses a zstd window beyond its memory", async () => {
  // Magic, no flags, a window of 2 GiB, an empty last block.
  const bytes = new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 0, 21 << 3, 1, 0, 0]);
  await assertRejects(() => toBytes(decompress(streamOf(bytes))), LayerError);
});
