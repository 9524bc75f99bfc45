import { assert, assertEquals, assertRejects } from "@std/assert";
import { decompress, LayerError } from "@gantry/oci/image/layer";
import { gunzip } from "../../../image/layer/_gunzip.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();

async function member(content: Bytes): Promise<Bytes> {
  const packed = new Blob([content]).stream()
    .pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

function join(...parts: readonly Bytes[]): Bytes {
  const whole = new Uint8Array(
    parts.reduce((sum, part) => sum + part.byteLength, 0),
  );
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.byteLength;
  }
  return whole;
}

async function* pieces(bytes: Bytes, step: number): AsyncGenerator<Bytes> {
  for (let start = 0; start < bytes.byteLength; start += step) {
    yield await Promise.resolve(bytes.slice(start, start + step));
  }
}

async function read(source: AsyncIterable<Bytes>): Promise<Bytes> {
  return join(...await Array.fromAsync(source));
}

/** As every runtime does it, and as this one does. */
const readers = {
  gunzip,
  decompress: (source: AsyncIterable<Bytes>) => decompress(source, "gzip"),
};

/** Content that takes every kind of block, long distances, and many pieces. */
function content(size: number): Bytes {
  const bytes = new Uint8Array(size);
  let state = 7;
  for (let index = 0; index < size; index++) {
    state = Math.imul(state, 48_271) >>> 0;
    bytes[index] = index % 70_000 < 40_000
      ? 97 + (state >>> 28)
      : index % 3_000 < 100
      ? state >>> 16
      : bytes[index - 2_999] ?? 0;
  }
  return bytes;
}

function same(a: Bytes, b: Bytes): boolean {
  return a.byteLength === b.byteLength && a.every((byte, at) => byte === b[at]);
}

const STEPS = [1, 7, 601, 65_536];

for (const [name, gunzip] of Object.entries(readers)) {
  Deno.test(`${name}() reads gzip of one member in pieces of any size`, async () => {
    for (const size of [0, 1, 255, 70_000, 300_000]) {
      const expected = content(size);
      const packed = await member(expected);
      for (const step of STEPS) {
        if (step === 1 && size > 70_000) continue;
        assert(same(await read(gunzip(pieces(packed, step))), expected));
      }
    }
  });

  Deno.test(`${name}() reads all members of gzip, and zeros behind the last`, async () => {
    const first = content(100_000);
    const last = encoder.encode("the end");
    const members = [
      await member(first),
      await member(new Uint8Array(0)),
      await member(last),
    ];
    for (const padding of [0, 1, 512, 100_000]) {
      const packed = join(...members, new Uint8Array(padding));
      for (const step of [7, 601, 1_000_000]) {
        const found = await read(gunzip(pieces(packed, step)));
        assert(same(found, join(first, last)));
      }
    }
  });

  Deno.test(`${name}() refuses gzip that is cut anywhere`, async () => {
    const whole = join(await member(content(300)), await member(content(5)));
    const first = (await member(content(300))).byteLength;
    for (let size = 0; size < whole.byteLength; size++) {
      if (size === first) continue;
      await assertRejects(
        () => read(gunzip(pieces(whole.slice(0, size), 100))),
        LayerError,
        "Cannot decompress layer",
        `${size}`,
      );
    }
  });

  Deno.test(`${name}() refuses what is neither a member nor zeros behind gzip`, async () => {
    const whole = join(await member(content(300)), encoder.encode("more"));
    await assertRejects(
      () => read(gunzip(pieces(whole, 100))),
      LayerError,
      "Cannot decompress layer",
    );
  });

  Deno.test(`${name}() refuses what follows the zeros behind gzip, whatever the pieces are`, async () => {
    const packed = await member(content(300));
    for (const what of [await member(content(5)), encoder.encode("x")]) {
      const whole = join(packed, new Uint8Array(700), what);
      for (const step of STEPS) {
        await assertRejects(
          () => read(gunzip(pieces(whole, step))),
          LayerError,
          "its gzip is damaged: something follows it",
        );
      }
    }
  });

  Deno.test(`${name}() refuses gzip with any bit of its content or its trailer changed`, async () => {
    const packed = await member(
      encoder.encode("a few words, a few words more"),
    );
    for (let bit = 10 * 8; bit < packed.byteLength * 8; bit++) {
      const changed = packed.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      const found = await read(gunzip(pieces(changed, 100)))
        .catch((error: unknown) => {
          assert(error instanceof LayerError, String(error));
          return undefined;
        });
      // What is behind the last code of a block's last byte means nothing.
      if (found === undefined) continue;
      assertEquals(
        new TextDecoder().decode(found),
        "a few words, a few words more",
      );
    }
  });
}

Deno.test("gunzip() reads over what a header may have", async () => {
  const packed = await member(encoder.encode("hello"));
  const extras: Readonly<Record<string, readonly [number, string]>> = {
    "an extra field": [4, "\x05\x00extra"],
    "a name": [8, "layer.tar\0"],
    "a comment": [16, "made by hand\0"],
    "all of them": [28, "\x01\x00xname\0comment\0"],
  };
  for (const [what, [flags, extra]] of Object.entries(extras)) {
    const start = packed.slice(0, 10);
    start[3] = flags;
    const whole = join(start, encoder.encode(extra), packed.slice(10));
    const found = await read(gunzip(pieces(whole, 3)));
    assertEquals(new TextDecoder().decode(found), "hello", what);
  }
});

Deno.test("gunzip() verifies a header's checksum", async () => {
  const packed = await member(encoder.encode("hello"));
  const start = [0x1f, 0x8b, 8, 2, 0, 0, 0, 0, 0, 255];
  const checksum = [0x90, 0xc9];
  const rest = packed.slice(10);
  const right = join(new Uint8Array([...start, ...checksum]), rest);
  const found = await read(gunzip(pieces(right, 3)));
  assertEquals(new TextDecoder().decode(found), "hello");
  const wrong = join(new Uint8Array([...start, 0, 0]), rest);
  await assertRejects(() => read(gunzip(pieces(wrong, 3))), LayerError);
});

Deno.test("gunzip() refuses another method, reserved flags, a wrong checksum and a wrong size", async () => {
  const packed = await member(encoder.encode("hello"));
  const { byteLength } = packed;
  for (const at of [0, 1, 2, 3, byteLength - 8, byteLength - 4]) {
    const changed = packed.slice();
    changed[at] = 0xff;
    await assertRejects(
      () => read(gunzip(pieces(changed, 100))),
      LayerError,
      "its gzip is damaged",
    );
  }
});

Deno.test("gunzip() ends its source when nobody reads on", async () => {
  let ended = false;
  async function* source(): AsyncGenerator<Bytes> {
    const packed = await member(content(300_000));
    try {
      while (true) yield packed;
    } finally {
      ended = true;
    }
  }
  for await (const piece of gunzip(source())) {
    assert(piece.byteLength > 0);
    break;
  }
  assert(ended);
});

Deno.test("gunzip() gives failures of its source out as they are", async () => {
  const failure = new RangeError("the source broke");
  async function* source(): AsyncGenerator<Bytes> {
    yield (await member(content(300_000))).slice(0, 1000);
    throw failure;
  }
  const error = await assertRejects(() => read(gunzip(source())));
  assertEquals(error, failure);
});
