import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  LayerError,
  parseEntryName,
  readTar,
  UnsafeEntryError,
  validateLayer,
} from "@gantry/oci/image/layer";
import {
  applyLayer,
  extractDirectory,
  packLayerToFile,
} from "@gantry/oci/image/layer/node";
import { writeFile } from "node:fs/promises";
import { found } from "../../_support/programs.ts";
import { streamOf, temporaryDirectory, tree } from "./_archives.ts";
import {
  END,
  header,
  join,
  octal,
  padded,
  pax,
  record,
} from "./_tar_blocks.ts";

const bytes = (text: string) =>
  Uint8Array.from(text, (letter) => letter.charCodeAt(0));

async function names(archive: Uint8Array<ArrayBuffer>): Promise<string[]> {
  return await Array.fromAsync(
    readTar(streamOf(archive)),
    ({ header }) => header.name,
  );
}

/** Bytes as they stand in a header, one a character, and what they are read as. */
const vectors: Readonly<Record<string, string>> = {
  "caf\xc3\xa9": "café",
  "a\xff": "a\udcff",
  "a\xfe": "a\udcfe",
  "\x80\x81b": "\udc80\udc81b",
  "cut \xf0\x9f\x98": "cut \udcf0\udc9f\udc98",
  "whole \xf0\x9f\x98\x80": "whole \u{1f600}",
  "overlong \xc0\xaf": "overlong \udcc0\udcaf",
  "overlong \xe0\x80\xaf": "overlong \udce0\udc80\udcaf",
  "surrogate \xed\xb3\xbf": "surrogate \udced\udcb3\udcbf",
  "too high \xf4\x90\x80\x80": "too high \udcf4\udc90\udc80\udc80",
  "replacement \xef\xbf\xbd": "replacement \ufffd",
};

Deno.test("readTar() gives different names for different bytes, wherever the name stands", async () => {
  for (const [raw, name] of Object.entries(vectors)) {
    const size = octal(raw.length + 1);
    const forms = {
      ustar: [header({ name: raw })],
      prefix: [header({ name: "x", prefix: raw })],
      pax: [pax([record("path", bytes(raw))]), header({ name: "x" })],
      gnu: [
        header({ name: "././@LongLink", flag: "L", size }),
        padded(bytes(`${raw}\0`)),
        header({ name: "x" }),
      ],
    };
    for (const [form, parts] of Object.entries(forms)) {
      const expected = form === "prefix" ? `${name}/x` : name;
      assertEquals(await names(join([...parts, END])), [expected], form);
    }
    assertEquals(name.isWellFormed(), !/[\udc80-\udcff]/u.test(name));
  }
});

Deno.test("readTar() gives different bytes of a link's target, an owner and a record", async () => {
  const archive = join([
    pax([record("comment", bytes("\xfe")), record("uname", bytes("\xfd"))]),
    header({ name: "x", flag: "2", linkname: "to \xff" }),
    END,
  ]);
  for await (const { header } of readTar(streamOf(archive))) {
    assertEquals(header.linkname, "to \udcff");
    assertEquals(header.uname, "\udcfd");
    assertEquals(header.pax["comment"], "\udcfe");
  }
});

/** Archives with something that is not UTF-8. */
const hostile: Readonly<Record<string, readonly Uint8Array[]>> = {
  "two names that would be one": [
    header({ name: "a\xff", size: octal(1) }),
    padded("1"),
    header({ name: "a\xfe", size: octal(1) }),
    padded("2"),
  ],
  "a directory's name": [header({ name: "a\xff/", flag: "5" })],
  "a link's target": [header({ name: "x", flag: "2", linkname: "a\xff" })],
  "a hard link's target": [
    header({ name: "a" }),
    header({ name: "x", flag: "1", linkname: "a\xff" }),
  ],
  "a whiteout's name": [header({ name: ".wh.a\xff" })],
};

for (const [what, parts] of Object.entries(hostile)) {
  Deno.test(`extraction refuses ${what} where it is not UTF-8`, async () => {
    const archive = join([...parts, END]);
    await using work = await temporaryDirectory();
    for (
      const unpack of [
        () => applyLayer({ open: () => streamOf(archive) }, work.path),
        // It has no whiteouts: their names are refused as any.
        () => extractDirectory(streamOf(archive), work.path),
      ]
    ) {
      const error = await assertRejects(unpack, UnsafeEntryError, "UTF-8");
      assertEquals(error.code, "LAYER_UNSAFE_ENTRY");
      assertEquals(await tree(work.path), {});
    }
  });
}

Deno.test("extraction keeps names that have U+FFFD in them", async () => {
  await using work = await temporaryDirectory();
  const archive = join([header({ name: "a\xef\xbf\xbd" }), END]);
  await applyLayer({ open: () => streamOf(archive) }, work.path);
  assertEquals(await tree(work.path), { "a\ufffd": "" });
  // And so does packing.
  const file = `${work.path}.tar`;
  try {
    await packLayerToFile(work.path, file, { compression: "none" });
    assertEquals(await names(await Deno.readFile(file)), ["a\ufffd"]);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("validateLayer() lists names that are not UTF-8, each by itself", async () => {
  const archive = join([
    header({ name: "a\xff" }),
    header({ name: "a\xfe" }),
    header({ name: "b" }),
    END,
  ]);
  const issues = await validateLayer(streamOf(archive));
  assertEquals(issues.map(({ path, expected }) => [path, expected]), [
    ["a\udcff", "a name in UTF-8"],
    ["a\udcfe", "a name in UTF-8"],
  ]);
});

Deno.test("parseEntryName() refuses a lone surrogate", () => {
  for (const name of ["a\udcff", "\ud800", "a/b\udc80/c"]) {
    let refused: unknown;
    try {
      parseEntryName(name);
    } catch (error) {
      refused = error;
    }
    assert(refused instanceof UnsafeEntryError);
  }
});

/** Bytes in a path are more than a runtime can give; Python can. */
async function python(code: string): Promise<boolean> {
  const { success } = await new Deno.Command("python3", { args: ["-c", code] })
    .output();
  return success;
}

Deno.test({
  name: "packing refuses names and links on disk that are not UTF-8",
  ignore: Deno.build.os !== "linux" || !found("python3"),
  async fn() {
    await using work = await temporaryDirectory();
    const made = {
      "a file's name": "open(d + b'/a\\xff', 'w')",
      "a name beside one that has U+FFFD":
        "open(d + b'/a\\xff', 'w'); open(d + b'/a\\xef\\xbf\\xbd', 'w')",
      "a link's target": "os.symlink(b'a\\xff', d + b'/link')",
    };
    for (const [index, [what, code]] of Object.entries(made).entries()) {
      const path = `${work.path}/${index}`;
      await Deno.mkdir(path);
      await writeFile(`${path}/good`, "");
      const done = await python(
        `import os; d = b${JSON.stringify(path)}; ${code}`,
      );
      assert(done, what);
      await assertRejects(
        () => packLayerToFile(path, `${work.path}/out.tar`),
        LayerError,
        "in UTF-8",
        what,
      );
    }
  },
});

Deno.test("readTar() takes the checksum of old writers, which took bytes for signed, and no other", async () => {
  const block = header({ name: "caf\xc3\xa9" });
  const stated = parseInt(
    new TextDecoder().decode(block.subarray(148, 154)),
    8,
  );
  for (
    const [sum, expected] of [
      [stated, true],
      [stated - 2 * 0x100, true],
      [stated - 0x100, false],
      [stated - 3 * 0x100, false],
      [stated + 1, false],
    ] as const
  ) {
    const copy = block.slice();
    copy.set(bytes(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
    const reading = names(join([copy, END]));
    if (expected) assertEquals(await reading, ["café"]);
    else await assertRejects(() => reading, LayerError, "checksum");
  }
});
