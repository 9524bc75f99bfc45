import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  LayerError,
  parseEntryName,
  readTar,
  UnsafeEntryError,
  validateLayer,
} from "@gantry/oci/image/layer";
import { streamOf } from "./_archives.ts";
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
