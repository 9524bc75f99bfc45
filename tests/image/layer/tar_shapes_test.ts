import { assertEquals, assertRejects } from "@std/assert";
import {
  LayerError,
  readTar,
  type TarEntryHeader,
} from "@gantry/oci/image/layer";
import { applyLayer, extractDirectory } from "@gantry/oci/image/layer/node";
import { streamOf } from "./_archives.ts";
import { temporaryDirectory, tree } from "./_directories.ts";
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

const LONG = `${"long-directory-name/".repeat(8)}file`;

interface Shape {
  readonly parts: readonly Uint8Array[];
  readonly headers: readonly Partial<TarEntryHeader>[];
  readonly tree: Readonly<Record<string, string>>;
}

const shapes: Readonly<Record<string, Shape>> = {
  "Go's PAX header of a long name": {
    parts: [
      pax([record("path", LONG)]),
      header({ name: LONG.slice(0, 100), size: octal(2) }),
      padded("hi"),
    ],
    headers: [{ name: LONG, type: "file", size: 2 }],
    tree: below(LONG, "hi"),
  },
  "GNU's long name and long link": {
    parts: [
      header({
        name: "././@LongLink",
        flag: "L",
        size: octal(165),
        magic: GNU,
      }),
      padded(`${LONG}\0`),
      header({ name: LONG.slice(0, 100), size: octal(1), magic: GNU }),
      padded("x"),
      header({
        name: "././@LongLink",
        flag: "K",
        size: octal(165),
        magic: GNU,
      }),
      padded(`${LONG}\0`),
      header({ name: "link", flag: "2", linkname: "long", magic: GNU }),
    ],
    headers: [
      { name: LONG, size: 1 },
      { name: "link", type: "symlink", linkname: LONG },
    ],
    tree: { ...below(LONG, "x"), link: `-> ${LONG}` },
  },
  "a name split at ustar's prefix": {
    parts: [header({ name: "b", prefix: "a/long" })],
    headers: [{ name: "a/long/b" }],
    tree: { a: "/", "a/long": "/", "a/long/b": "" },
  },
  "GNU's times where ustar has the prefix": {
    parts: [header({ name: "b", magic: GNU, prefix: octal(1_600_000_000) })],
    headers: [{ name: "b" }],
    tree: { b: "" },
  },
  "a size and a time of base 256": {
    parts: [
      header({
        name: "b",
        magic: GNU,
        size: "\x80\0\0\0\0\0\0\0\0\0\0\x03",
        mtime: "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
      }),
      padded("abc"),
    ],
    headers: [{ name: "b", size: 3, mtime: new Date(-1000) }],
    tree: { b: "abc" },
  },
  "Docker's names and BuildKit's, with and without slash and dot": {
    parts: [
      header({ name: "./", flag: "5" }),
      header({ name: "./a/", flag: "5", mode: octal(0o755, 7) }),
      header({ name: "b", flag: "5", mode: octal(0o755, 7) }),
      header({ name: "./b/c" }),
    ],
    headers: [
      { name: "./", type: "directory" },
      { name: "./a/", type: "directory" },
      { name: "b", type: "directory" },
      { name: "./b/c", type: "file", mtime: new Date(0), uname: "" },
    ],
    tree: { a: "/", b: "/", "b/c": "" },
  },
  "a directory of before ustar": {
    parts: [header({ name: "d/", flag: "\0", magic: "" })],
    headers: [{ name: "d/", type: "directory" }],
    tree: { d: "/" },
  },
  "a hard link and a directory with a size": {
    parts: [
      header({ name: "a", size: octal(1) }),
      padded("x"),
      header({ name: "b", flag: "1", linkname: "a", size: octal(1) }),
      header({ name: "d", flag: "5", size: octal(4096) }),
    ],
    headers: [{ name: "a", size: 1 }, {
      name: "b",
      type: "link",
      linkname: "a",
      size: 0,
    }, { name: "d", size: 0 }],
    tree: { a: "x", b: "x", d: "/" },
  },
  "PAX times and a size that counts": {
    parts: [
      pax([
        record("mtime", "1700000000.5"),
        record("atime", "1700000000.123456789"),
        record("ctime", "1700000000.1"),
        record("size", "2"),
      ]),
      header({ name: "a" }),
      padded("hi"),
    ],
    headers: [{ name: "a", size: 2, mtime: new Date(1_700_000_000_500) }],
    tree: { a: "hi" },
  },
  "a global header, as git writes it": {
    parts: [
      pax([record("comment", "0123456789")], "g"),
      header({ name: "a" }),
    ],
    headers: [{ name: "a", pax: { comment: "0123456789" } }],
    tree: { a: "" },
  },
  "zeros up to a record's size at the end": {
    parts: [header({ name: "a" }), new Uint8Array(9216)],
    headers: [{ name: "a" }],
    tree: { a: "" },
  },
};

function below(name: string, content: string): Record<string, string> {
  const found: Record<string, string> = {};
  const parts = name.split("/");
  for (let count = 1; count < parts.length; count++) {
    found[parts.slice(0, count).join("/")] = "/";
  }
  return { ...found, [name]: content };
}

for (const [what, shape] of Object.entries(shapes)) {
  Deno.test(`readTar() and applyLayer() read ${what}`, async () => {
    const bytes = join([...shape.parts, END]);
    let index = 0;
    for await (const { header } of readTar(streamOf(bytes, 333))) {
      const expected = shape.headers[index++] ?? {};
      const found = Object.fromEntries(
        Object.keys(expected).map((key) => [key, Reflect.get(header, key)]),
      );
      assertEquals(found, expected);
    }
    assertEquals(index, shape.headers.length);
    await using work = await temporaryDirectory();
    await applyLayer({ open: () => streamOf(bytes) }, `${work.path}/out`);
    assertEquals(await tree(`${work.path}/out`), shape.tree);
  });
}

Deno.test("readTar() gives extended attributes to the byte", async () => {
  const value = new Uint8Array([1, 0, 0, 2, 0xff, 0x0a, 0x3d, 0x80]);
  const bytes = join([
    pax([record("SCHILY.xattr.security.capability", value)]),
    header({ name: "ping" }),
    END,
  ]);
  for await (const { header } of readTar(streamOf(bytes))) {
    assertEquals([...header.xattrs], [["security.capability", value]]);
  }
});

const bad: Readonly<Record<string, readonly Uint8Array[]>> = {
  "a PAX size that is no number": [pax([record("size", "12x")])],
  "a negative PAX size": [pax([record("size", "-1")])],
  "a PAX size beyond 2^53": [pax([record("size", "9007199254740993")])],
  "a PAX time that is none": [pax([record("mtime", "soon")])],
  "a record longer than the header": [pax("99 path=a\n")],
  "a record without a newline": [pax("9 path=ab")],
  "a record without a key": [pax("5 =a\n")],
  "a record of length 0": [pax("0 path=a\n")],
  "a negative size of base 256": [
    header({ name: "v", size: "\xff".repeat(12) }),
  ],
  "a size of base 256 beyond 2^53": [
    header({ name: "v", size: `\x80${"\0".repeat(3)}${"\x7f".repeat(8)}` }),
  ],
  "records that would fill the memory": [
    header({ name: "v", flag: "x", size: octal(2 ** 21) }),
  ],
  "a long name that would fill the memory": [
    header({ name: "v", flag: "L", size: octal(2 ** 21) }),
  ],
  "a type that nobody knows": [header({ name: "v", flag: "V" })],
};

for (const [what, parts] of Object.entries(bad)) {
  Deno.test(`readTar() refuses ${what}`, async () => {
    const bytes = join([...parts, header({ name: "a" }), END]);
    const error = await assertRejects(
      () => Array.fromAsync(readTar(streamOf(bytes))),
      LayerError,
      "Cannot read layer",
    );
    assertEquals(error.code, "LAYER_INVALID");
  });
}

Deno.test("a name that the file system cannot hold is refused by its entry's name", async () => {
  const name = "n".repeat(300);
  const bytes = join([
    pax([record("path", name)]),
    header({ name: "n" }),
    END,
  ]);
  await using work = await temporaryDirectory();
  for (
    const unpack of [
      () => extractDirectory(streamOf(bytes), work.path),
      () => applyLayer({ open: () => streamOf(bytes) }, work.path),
    ]
  ) {
    const error = await assertRejects(unpack, LayerError, "ENAMETOOLONG");
    assertEquals(error.code, "LAYER_CONFLICT");
    assertEquals(error.message.includes("nnnn"), true);
    assertEquals(await tree(work.path), {});
  }
});
