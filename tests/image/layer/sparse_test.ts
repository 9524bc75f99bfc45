import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  LayerError,
  LayerLimitError,
  readTar,
  validateLayer,
} from "@gantry/oci/image/layer";
import { applyLayer, extractDirectory } from "@gantry/oci/image/layer/node";
import { found } from "../../_support/programs.ts";
import { streamOf, temporaryDirectory } from "./_archives.ts";
import {
  END,
  GNU,
  header,
  join,
  octal,
  padded,
  pax,
  record,
} from "./_tar_blocks.ts";

/** Parts of a file: where they stand, and their text. */
type Parts = readonly (readonly [number, string])[];

const SIZE = 200_000;
const PARTS: Parts = [[1000, "first"], [70_000, "x".repeat(700)], [
  SIZE - 4,
  "last",
]];

function whole(parts: Parts, size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (const [offset, text] of parts) {
    bytes.set(new TextEncoder().encode(text), offset);
  }
  return bytes;
}

const stored = PARTS.map(([, text]) => text).join("");
const numbers = PARTS.flatMap(([offset, text]) => [offset, text.length]);

function places(values: readonly number[], start: number) {
  return Object.fromEntries(
    values.map((value, index) => [start + index * 12, octal(value)]),
  );
}

/** An archive in GNU's old form; what does not fit the header goes into a further block. */
function oldForm(values: readonly number[], content: string, size = SIZE) {
  const more = values.length > 8;
  const block = header({
    name: "holes",
    flag: "S",
    magic: GNU,
    size: octal(content.length),
    more: {
      ...places(values.slice(0, 8), 386),
      ...more && { 482: "\x01" },
      483: octal(size),
    },
  });
  const further = new Uint8Array(512);
  for (const [at, text] of Object.entries(places(values.slice(8), 0))) {
    further.set(new TextEncoder().encode(text), Number(at));
  }
  return [block, ...more ? [further] : [], padded(content)];
}

function paxForm(
  records: Readonly<Record<string, string | number>>,
  content: string,
  repeated: readonly (readonly [string, number])[] = [],
) {
  const all = [
    ...Object.entries(records).map(([key, value]) => [key, value] as const),
    ...repeated,
  ];
  return [
    pax(all.map(([key, value]) => record(`GNU.sparse.${key}`, String(value)))),
    header({ name: "GNUSparseFile.0/holes", size: octal(content.length) }),
    padded(content),
  ];
}

function lines(values: readonly number[]): string {
  const text = `${values.length / 2}\n${values.map((n) => `${n}\n`).join("")}`;
  return text.padEnd(Math.ceil(text.length / 512) * 512, "\0");
}

const V1 = { major: 1, minor: 0, name: "holes", realsize: SIZE };
const many = Array.from({ length: 100 }, (_, index) => [index * 500, 1]).flat();

const good: Readonly<Record<string, readonly Uint8Array[]>> = {
  "GNU's old form": oldForm([...numbers, SIZE, 0], stored),
  "GNU's old form with a further block": oldForm(
    [...numbers.slice(0, 2), 2000, 0, 3000, 0, 4000, 0, ...numbers.slice(2)],
    stored,
  ),
  "PAX 0.0": paxForm(
    { size: SIZE, numblocks: 3 },
    stored,
    numbers.map((value, index) => [
      index % 2 === 0 ? "offset" : "numbytes",
      value,
    ]),
  ).with(1, header({ name: "holes", size: octal(stored.length) })),
  "PAX 0.1": paxForm(
    { size: SIZE, numblocks: 3, map: numbers.join(), name: "holes" },
    stored,
  ),
  "PAX 1.0": paxForm(V1, lines(numbers) + stored),
};

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

Deno.test("extraction puts the parts of a sparse file in their places", async () => {
  for (const [what, parts] of Object.entries(good)) {
    const bytes = join([...parts, END]);
    await using work = await temporaryDirectory();
    const places = { layer: `${work.path}/a`, directory: `${work.path}/b` };
    await applyLayer({ open: () => streamOf(bytes, 333) }, places.layer);
    await extractDirectory(streamOf(bytes, 333), places.directory);
    for (const path of Object.values(places)) {
      const content = await Deno.readFile(`${path}/holes`);
      assert(same(content, whole(PARTS, SIZE)), what);
      assertEquals(
        await Array.fromAsync(Deno.readDir(path)).then((all) =>
          all.map(({ name }) => name)
        ),
        ["holes"],
      );
    }
  }
});

Deno.test("extraction counts holes for its limits, and leaves nothing", async () => {
  const huge: Readonly<Record<string, readonly Uint8Array[]>> = {
    "8 GiB of GNU's old form": oldForm([2 ** 33 - 1, 0], "", 2 ** 33 - 1),
    "1 TiB of PAX 1.0": paxForm({ ...V1, realsize: 2 ** 40 }, lines([])),
    "the largest of all": paxForm(
      { ...V1, realsize: Number.MAX_SAFE_INTEGER },
      lines([]),
    ),
    "many of 10 MB": Array.from(
      { length: 100 },
      () => paxForm({ ...V1, realsize: 10_000_000 }, lines([])),
    ).flat(),
  };
  for (const [what, parts] of Object.entries(huge)) {
    const bytes = join([...parts, END]);
    await using work = await temporaryDirectory();
    for (
      const unpack of [
        () => applyLayer({ open: () => streamOf(bytes) }, work.path),
        () => extractDirectory(streamOf(bytes), work.path),
      ]
    ) {
      await assertRejects(unpack, LayerLimitError, "at most", what);
      assertEquals(await Array.fromAsync(Deno.readDir(work.path)), []);
    }
  }
  // What is allowed is said by options, as for all else.
  const bytes = join([...good["PAX 1.0"]!, END]);
  await using work = await temporaryDirectory();
  await assertRejects(
    () =>
      extractDirectory(streamOf(bytes), work.path, {
        limits: { maxBytes: 100_000 },
      }),
    LayerLimitError,
    "at most 100000 bytes",
  );
});

const writers: Readonly<Record<string, readonly string[]>> = {
  "tar in its old form": ["tar", "--format=gnu", "--sparse"],
  "tar in PAX 0.0": ["tar", "--sparse", "--sparse-version=0.0"],
  "tar in PAX 0.1": ["tar", "--sparse", "--sparse-version=0.1"],
  "tar in PAX 1.0": ["tar", "--sparse", "--sparse-version=1.0"],
  "bsdtar": ["bsdtar", "--format=pax", "--read-sparse"],
};

for (const [what, [program, ...flags]] of Object.entries(writers)) {
  Deno.test({
    name: `readTar() reads sparse files that ${what} wrote`,
    ignore: Deno.build.os !== "linux" || !found(program!),
    async fn() {
      await using work = await temporaryDirectory();
      const size = 8_000_000;
      // Holes at both ends, and more parts than a header holds.
      const parts: Parts = Array.from(
        { length: 40 },
        (_, index) => [(index + 1) * 131_072, `part ${index}`],
      );
      const path = `${work.path}/holes`;
      using file = await Deno.open(path, { create: true, write: true });
      for (const [offset, text] of parts) {
        await file.seek(offset, Deno.SeekMode.Start);
        await file.write(new TextEncoder().encode(text));
      }
      await file.truncate(size);
      const format = program === "tar" && !flags.includes("--format=gnu")
        ? ["--format=pax"]
        : [];
      const archive = `${work.path}/out.tar`;
      const { success } = await new Deno.Command(program!, {
        args: [...format, ...flags, "-cf", archive, "-C", work.path, "holes"],
      }).output();
      assert(success);
      const bytes = await Deno.readFile(archive);
      assert(bytes.byteLength < size / 2, "it was not written as sparse");
      let count = 0;
      for await (const { body, header } of readTar(streamOf(bytes, 65_536))) {
        assert(header.sparse);
        assertEquals([header.name, header.size], ["holes", size]);
        const content = await new Response(body).bytes();
        assert(same(content, whole(parts, size)));
        count++;
      }
      assertEquals(count, 1);
      const out = `${work.path}/out`;
      await extractDirectory(streamOf(bytes, 65_536), out);
      assert(same(await Deno.readFile(`${out}/holes`), whole(parts, size)));
      // What the file system has for the holes of the first, it has for these.
      const [before, after] = [
        await Deno.stat(path),
        await Deno.stat(`${out}/holes`),
      ];
      assert(after.blocks! <= before.blocks! * 2);
    },
  });
}

/** Large contents would take an assertion long to print. */
function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((byte, at) => byte === b[at]);
}
