import { assertEquals, assertRejects } from "@std/assert";
import { LayerError, readTar, validateLayer } from "@gantry/oci/image/layer";
import { streamOf } from "./_archives.ts";
import {
  good,
  lines,
  many,
  oldForm,
  PARTS,
  paxForm,
  SIZE,
  V1,
  whole,
} from "./_sparse_forms.ts";
import { END, header, join, octal } from "./_tar_blocks.ts";

for (const [what, parts] of Object.entries(good)) {
  Deno.test(`readTar() reads a sparse file of ${what}`, async () => {
    const bytes = join([...parts, header({ name: "next" }), END]);
    const seen: unknown[] = [];
    for await (const { body, header } of readTar(streamOf(bytes, 333))) {
      seen.push([header.name, header.size, header.sparse]);
      const content = await new Response(body).bytes();
      const expected = header.sparse
        ? whole(PARTS, SIZE)
        : new Uint8Array(header.size);
      assertEquals(content, expected);
    }
    assertEquals(seen, [["holes", SIZE, true], ["next", 0, false]]);
  });

  Deno.test(`readTar() goes on behind a sparse file of ${what} that nobody read, or not to its end`, async () => {
    const bytes = join([...parts, header({ name: "next" }), END]);
    for (const pieces of [0, 1, 2]) {
      const seen: string[] = [];
      for await (const { body, header } of readTar(streamOf(bytes))) {
        seen.push(header.name);
        const reader = body.getReader();
        for (let count = 0; count < pieces; count++) await reader.read();
        reader.releaseLock();
      }
      assertEquals(seen, ["holes", "next"]);
    }
  });
}

Deno.test("readTar() reads a map of many parts in blocks before the content", async () => {
  const parts = paxForm(V1, lines(many) + "y".repeat(100));
  for await (const { body } of readTar(streamOf(join([...parts, END])))) {
    const content = await new Response(body).bytes();
    assertEquals(content.filter((byte) => byte !== 0).length, 100);
    assertEquals(content[49_500], 0x79);
  }
});

Deno.test("readTar() reads a file of one hole", async () => {
  for (
    const parts of [
      oldForm([SIZE, 0], ""),
      paxForm({ size: SIZE, numblocks: 0, name: "holes" }, ""),
      paxForm(V1, lines([])),
    ]
  ) {
    for await (const { body } of readTar(streamOf(join([...parts, END])))) {
      assertEquals(await new Response(body).bytes(), new Uint8Array(SIZE));
    }
  }
});

const bad: Readonly<Record<string, readonly Uint8Array[]>> = {
  "parts that overlap": paxForm(V1, lines([0, 4, 2, 4]) + "12345678"),
  "parts in another order": paxForm(
    { size: SIZE, map: "100,1,0,1", name: "x" },
    "ab",
  ),
  "a part beyond the size": oldForm([SIZE - 1, 2], "ab"),
  "more content than the map says": paxForm(V1, lines([0, 1]) + "ab"),
  "less content than the map says": oldForm([0, 1000], "ab"),
  "a map that does not end": paxForm(V1, "9999\n".padEnd(512, "1\n")),
  "a map of no numbers": paxForm(V1, "x\n".padEnd(512, "\0")),
  "a map without newlines": paxForm(V1, "1".repeat(512)),
  "an endless count of parts": paxForm(
    V1,
    "9007199254740991\n".padEnd(1024, "0\n"),
  ),
  "an odd map": paxForm({ size: 9, map: "1,1,2" }, "a"),
  "a negative place": paxForm({ size: 9, map: "-1,1" }, "a"),
  "no size": paxForm({ major: 1, minor: 0 }, lines([])),
  "a version that nobody knows": paxForm(
    { major: 2, minor: 0, realsize: 1 },
    lines([0, 1]) + "a",
  ),
  "a size beyond 2^53": paxForm(
    { major: 1, minor: 0, realsize: "9007199254740992" },
    lines([]),
  ),
  "lengths before places": paxForm({ size: 9 }, "a", [
    ["numbytes", 1],
    ["offset", 1],
  ]),
  "GNU's type in another's format": [
    header({ name: "star", flag: "S", size: octal(0) }),
  ],
};

for (const [what, parts] of Object.entries(bad)) {
  Deno.test(`readTar() refuses a sparse file with ${what}`, async () => {
    const bytes = join([...parts, END]);
    await assertRejects(
      () => Array.fromAsync(readTar(streamOf(bytes))),
      LayerError,
      "Cannot read layer",
    );
  });
}

Deno.test("readTar() refuses a sparse file whose map takes too much memory", async () => {
  const count = 300_000;
  const map = lines(Array.from({ length: count }, () => [0, 0]).flat());
  await assertRejects(
    () => Array.fromAsync(readTar(streamOf(join(paxForm(V1, map)), 65_536))),
    LayerError,
    "at most 250000 parts",
  );
});

Deno.test("validateLayer() names sparse files, which the specification advises against", async () => {
  const bytes = join([...good["PAX 1.0"]!, END]);
  assertEquals(await validateLayer(streamOf(bytes)), [
    { path: "holes", expected: "whole content", actual: "a sparse file" },
  ]);
});
