import { assert, assertEquals, assertRejects } from "@std/assert";
import { compress, validateLayer } from "@gantry/oci/image/layer";
import { archive, type Entry, streamOf } from "./_archives.ts";
import { header, octal, zstdBomb } from "./_tar_blocks.ts";

const cases: Readonly<Record<string, [readonly Entry[], readonly string[]]>> = {
  "a good layer": [[
    { name: "./", type: "directory" },
    { name: "a", content: "x" },
    { name: "b", type: "link", linkname: "a" },
    { name: ".wh.c" },
  ], []],
  "two entries of one name": [[{ name: "a" }, { name: "./a" }], ["./a"]],
  "names and links that lead out": [[
    { name: "../a" },
    { name: "b", type: "link", linkname: "../../etc/shadow" },
  ], ["../a", "b"]],
  "a whiteout of nothing": [[{ name: "d/.wh." }], ["d/.wh."]],
};

for (const [what, [entries, paths]] of Object.entries(cases)) {
  Deno.test(`validateLayer() judges ${what}`, async () => {
    const issues = await validateLayer(streamOf(await archive(entries)));
    assertEquals(issues.map(({ path }) => path), paths);
  });
}

Deno.test("validateLayer() reports what follows the compressed content", async () => {
  const packed = compress(streamOf(await archive([{ name: "a" }])), "gzip");
  async function* followed(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    yield* packed;
    yield new TextEncoder().encode("more");
  }
  const issues = await validateLayer(followed());
  assertEquals(issues.map(({ path }) => path), [""]);
});

Deno.test("validateLayer() stops at its limits and says so", async () => {
  const entries = Array.from({ length: 9 }, () => ({ name: "a" }));
  const bytes = await archive(entries);
  for (const limits of [{ maxEntries: 3 }, { maxBytes: 1500 }]) {
    const issues = await validateLayer(streamOf(bytes), { limits });
    assert(issues.length < 5);
    const { expected, path } = issues.at(-1)!;
    assertEquals([expected, path], ["a layer that is not so large", ""]);
  }
  const [limit] = await validateLayer(streamOf(bytes), {
    limits: { maxEntries: undefined } as unknown as { maxEntries: number },
  });
  assertEquals(limit?.actual, "another one");
});

Deno.test("validateLayer() takes any ratio for valid, unless one is set", async () => {
  const size = 80 * 1024 * 1024;
  async function* zeros(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    yield header({ name: "zeros", size: octal(size) });
    for (let at = 0; at < size + 1024; at += 1024) yield new Uint8Array(1024);
  }
  const packed = await Array.fromAsync(compress(zeros(), "gzip"));
  async function* open(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    yield* packed;
  }
  assertEquals(await validateLayer(open()), []);
  const issues = await validateLayer(open(), { limits: { maxRatio: 100 } });
  assertEquals(issues.length, 1);
});

Deno.test("validateLayer() stops while it waits, with the signal's own reason", async () => {
  const reason = new RangeError("enough");
  const stop = new AbortController();
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull: () => new Promise(() => stop.abort(reason)),
  });
  const { signal } = stop;
  const error = await assertRejects(() => validateLayer(stream, { signal }));
  assertEquals(error, reason);
});

Deno.test("validateLayer() lets itself be stopped while little unpacks to much", async () => {
  async function* piece(
    size?: number,
  ): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    yield zstdBomb().slice(0, size);
  }
  // Loads the decoder.
  assertEquals((await validateLayer(piece(1000))).length, 1);
  const reason = new RangeError("enough");
  const stop = new AbortController();
  // By then the decoder is at work.
  setTimeout(() => stop.abort(reason), 50);
  const { signal } = stop;
  const error = await assertRejects(() => validateLayer(piece(), { signal }));
  assertEquals(error, reason);
});

Deno.test("validateLayer() goes on to the damage and reports it", async () => {
  const bytes = await archive([{ name: "/a" }, { name: "b" }]);
  const issues = await validateLayer(streamOf(bytes.slice(0, -1024)));
  assertEquals(issues.map(({ path }) => path), ["/a", ""]);
});
