import { assert, assertEquals, assertRejects } from "@std/assert";
import { Digest, DigestMismatchError } from "@gantry/oci/digest";
import {
  LayerError,
  LayerLimitError,
  UnsafeEntryError,
} from "@gantry/oci/image/layer";
import { extractDirectory } from "@gantry/oci/image/layer/node";
import { mkdir, stat, symlink, writeFile } from "node:fs/promises";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { archive, type Entry, streamOf } from "./_archives.ts";
import { temporaryDirectory, tree } from "./_directories.ts";

const root: Entry = { name: "d", type: "directory", mode: 0o755 };

/** Entries that must not be unpacked; the name of the one that the error must show. */
const REFUSED: Record<string, { entries: Entry[]; entry: string }> = {
  "an absolute name": {
    entries: [{ name: "/d/x", content: "x" }],
    entry: "/d/x",
  },
  'a name that begins with ".."': {
    entries: [{ name: "../x", content: "x" }],
    entry: "../x",
  },
  'a name with ".." inside': {
    entries: [{ name: "d/../../x", content: "x" }],
    entry: "d/../../x",
  },
  'a name with ".." that stays inside': {
    entries: [root, { name: "d/a/../x", content: "x" }],
    entry: "d/a/../x",
  },
  "a name outside of the prefix": {
    entries: [root, { name: "other/x", content: "x" }],
    entry: "other/x",
  },
  "a name that has the prefix as its beginning only": {
    entries: [{ name: "dd/x", content: "x" }],
    entry: "dd/x",
  },
  "a name with NUL": {
    entries: [{ name: "d/x", pax: { path: "d/a\0b" }, content: "x" }],
    entry: "d/a\0b",
  },
  "a name beyond the limit": {
    entries: [{ name: `d/${"x/".repeat(3000)}x`, content: "x" }],
    entry: `d/${"x/".repeat(3000)}x`,
  },
  "an absolute symbolic link": {
    entries: [root, { name: "d/l", type: "symlink", linkname: "/etc" }],
    entry: "d/l",
  },
  "a symbolic link that leads out": {
    entries: [root, { name: "d/l", type: "symlink", linkname: "../../x" }],
    entry: "d/l",
  },
  "a symbolic link to beside the prefix": {
    entries: [root, { name: "d/l", type: "symlink", linkname: "../other" }],
    entry: "d/l",
  },
  "a symbolic link with an empty target": {
    entries: [root, { name: "d/l", type: "symlink", linkname: "" }],
    entry: "d/l",
  },
  "a root that is a symbolic link": {
    entries: [{ name: "d", type: "symlink", linkname: "." }],
    entry: "d",
  },
  "a root that a symbolic link replaces": {
    entries: [root, { name: "d/.", type: "symlink", linkname: "x" }],
    entry: "d/.",
  },
  "a root that is a file": {
    entries: [{ name: "d", content: "x" }],
    entry: "d",
  },
  "links that look inside and lead out": {
    entries: [
      root,
      { name: "d/deep", type: "symlink", linkname: "." },
      { name: "d/l", type: "symlink", linkname: "deep/deep/../.." },
    ],
    entry: "d/l",
  },
  "a link that a later link turns outward": {
    entries: [
      root,
      { name: "d/a", type: "directory" },
      { name: "d/a/b", type: "directory" },
      { name: "d/l", type: "symlink", linkname: "a/b/../.." },
      { name: "d/a/b", type: "symlink", linkname: ".." },
    ],
    entry: "d/l",
  },
  "a file below a circle of links": {
    entries: [
      root,
      { name: "d/a", type: "symlink", linkname: "b" },
      { name: "d/b", type: "symlink", linkname: "a" },
      { name: "d/b/x", content: "x" },
    ],
    entry: "d/b/x",
  },
  "a file below a link to nothing": {
    entries: [
      root,
      { name: "d/a", type: "symlink", linkname: "missing" },
      { name: "d/a/x", content: "x" },
    ],
    entry: "d/a/x",
  },
  "a link that comes to lead out after its name was used for another": {
    entries: [
      root,
      { name: "d/x", type: "directory" },
      { name: "d/a", type: "symlink", linkname: "x" },
      { name: "d/a/l", type: "symlink", linkname: "y/.." },
      { name: "d/a", type: "directory" },
      { name: "d/a/l", type: "symlink", linkname: "t" },
      { name: "d/x/y", type: "symlink", linkname: ".." },
    ],
    entry: "d/a/l",
  },
  "a file below a file": {
    entries: [root, { name: "d/a", content: "x" }, {
      name: "d/a/x",
      content: "x",
    }],
    entry: "d/a/x",
  },
  "a hard link to an absolute name": {
    entries: [root, { name: "d/l", type: "link", linkname: "/etc/passwd" }],
    entry: "d/l",
  },
  "a hard link that leads out": {
    entries: [root, { name: "d/l", type: "link", linkname: "../../x" }],
    entry: "d/l",
  },
  "a hard link to beside the prefix": {
    entries: [root, { name: "d/l", type: "link", linkname: "sentinel" }],
    entry: "d/l",
  },
  "a hard link to what is not there": {
    entries: [root, { name: "d/l", type: "link", linkname: "d/missing" }],
    entry: "d/l",
  },
  "a hard link to what is below a file": {
    entries: [root, { name: "d/a" }, {
      name: "d/l",
      type: "link",
      linkname: "d/a/b",
    }],
    entry: "d/l",
  },
  "a hard link in the place of the directory that holds its target": {
    entries: [root, { name: "d/a/b" }, {
      name: "d/a",
      type: "link",
      linkname: "d/a/b",
    }],
    entry: "d/a",
  },
  "a hard link to a directory": {
    entries: [root, { name: "d/l", type: "link", linkname: "d" }],
    entry: "d/l",
  },
};

for (const [what, { entries, entry }] of Object.entries(REFUSED)) {
  Deno.test(`extractDirectory() refuses ${what}`, async () => {
    await using work = await temporaryDirectory();
    const output = `${work.path}/out`;
    await mkdir(output);
    await writeFile(`${output}/sentinel`, "mine");
    const bytes = await archive([...entries, { name: "d/later" }]);
    const error = await assertRejects(
      () => extractDirectory(streamOf(bytes), output, { prefix: "d" }),
      UnsafeEntryError,
    );
    assertEquals(error.entry, entry);
    assertEquals(error.code, "LAYER_UNSAFE_ENTRY");
    assertEquals(await tree(work.path), { out: "/", "out/sentinel": "mine" });
  });
}

/** Targets of links that lead out of the whole output, by the links' names. */
const OUTWARD: readonly (readonly [name: string, target: string])[] = [
  ["l", ".."],
  ["l", "../."],
  ["l", "../../etc"],
  ["l", "a/../.."],
  ["l", "../out/a"],
  ["a/l", "../.."],
  ["a/b/l", "../../../x"],
];

for (const [name, linkname] of OUTWARD) {
  Deno.test(`extractDirectory() refuses a link out of the output: ${name} to ${linkname}`, async () => {
    await using work = await temporaryDirectory();
    const output = `${work.path}/out`;
    const bytes = await archive([
      { name: "a", type: "directory" },
      { name, type: "symlink", linkname },
    ]);
    const error = await assertRejects(
      () => extractDirectory(streamOf(bytes), output),
      UnsafeEntryError,
      "a link leads out of the directory",
    );
    assertEquals(error.entry, name);
    assertEquals(await tree(work.path), {});
  });
}

Deno.test("extractDirectory() refuses a link to the root that is moved up by a hard link", async () => {
  await using work = await temporaryDirectory();
  const bytes = await archive([
    { name: "a/l", type: "symlink", linkname: ".." },
    { name: "l", type: "link", linkname: "a/l" },
  ]);
  await assertRejects(
    () => extractDirectory(streamOf(bytes), work.path),
    UnsafeEntryError,
    "a link leads out of the directory",
  );
});

Deno.test("extractDirectory() refuses a directory below a file of the output", async () => {
  await using work = await temporaryDirectory();
  await writeFile(`${work.path}/a`, "mine");
  const bytes = await archive([{ name: "a/b", type: "directory" }]);
  await assertRejects(
    () => extractDirectory(streamOf(bytes), work.path),
    LayerError,
    "a file is in its place",
  );
  assertEquals(await tree(work.path), { a: "mine" });
});

Deno.test("extractDirectory() refuses a hard link to the root", async () => {
  await using work = await temporaryDirectory();
  const bytes = await archive([{ name: "l", type: "link", linkname: "." }]);
  await assertRejects(
    () => extractDirectory(streamOf(bytes), work.path),
    UnsafeEntryError,
    "found a directory",
  );
});

/** Entries that must be unpacked, and what is there then. */
const ACCEPTED: Record<
  string,
  { entries: Entry[]; expected: Record<string, string>; skipped?: string[] }
> = {
  "a relative link that stays inside": {
    entries: [
      { name: "d/a/x", content: "x" },
      { name: "d/b/l", type: "symlink", linkname: "../a/x" },
    ],
    expected: {
      "d/a": "/",
      "d/a/x": "x",
      "d/b": "/",
      "d/b/l": "-> ../a/x",
    },
  },
  "a link to nothing": {
    entries: [{ name: "d/l", type: "symlink", linkname: "missing" }],
    expected: { "d/l": "-> missing" },
  },
  "a link that went with its directory, in whose place is a circle": {
    entries: [
      { name: "d/a/b/l", type: "symlink", linkname: "x" },
      { name: "d/a", type: "symlink", linkname: "a" },
    ],
    expected: { "d/a": "-> a" },
  },
  "a link that went with its directory, in whose place is another link": {
    entries: [
      { name: "d/x/l", type: "symlink", linkname: ".." },
      { name: "d/b/a/l", type: "symlink", linkname: "../x" },
      { name: "d/b/a", type: "symlink", linkname: "../x" },
    ],
    expected: {
      "d/b": "/",
      "d/b/a": "-> ../x",
      "d/x": "/",
      "d/x/l": "-> ..",
    },
  },
  "a link to the root": {
    entries: [
      { name: "d/a/l", type: "symlink", linkname: ".." },
      { name: "d/a/b/l", type: "symlink", linkname: "../.." },
    ],
    expected: {
      "d/a": "/",
      "d/a/b": "/",
      "d/a/b/l": "-> ../..",
      "d/a/l": "-> ..",
    },
  },
  "a link to what is below a file": {
    entries: [
      { name: "d/a", content: "x" },
      { name: "d/l", type: "symlink", linkname: "a/b/c" },
    ],
    expected: { "d/a": "x", "d/l": "-> a/b/c" },
  },
  "a circle of links": {
    entries: [
      { name: "d/a", type: "symlink", linkname: "b" },
      { name: "d/b", type: "symlink", linkname: "a" },
    ],
    expected: { "d/a": "-> b", "d/b": "-> a" },
  },
  "a parent that is a link to inside": {
    entries: [
      { name: "d/usr/lib", type: "directory" },
      { name: "d/lib", type: "symlink", linkname: "usr/lib" },
      { name: "d/lib/x", content: "x" },
    ],
    expected: {
      "d/lib": "-> usr/lib",
      "d/usr": "/",
      "d/usr/lib": "/",
      "d/usr/lib/x": "x",
    },
  },
  "a hard link, named from the archive's root": {
    entries: [
      { name: "d/a/x", content: "x" },
      { name: "d/b/l", type: "link", linkname: "d/a/x" },
    ],
    expected: { "d/a": "/", "d/a/x": "x", "d/b": "/", "d/b/l": "x" },
  },
  "a file that takes a link's place": {
    entries: [
      { name: "d/x", content: "old" },
      { name: "d/l", type: "symlink", linkname: "x" },
      { name: "d/l", content: "new" },
    ],
    expected: { "d/x": "old", "d/l": "new" },
  },
  "a directory that takes a link's place": {
    entries: [
      { name: "d/a", type: "directory" },
      { name: "d/l", type: "symlink", linkname: "a" },
      { name: "d/l", type: "directory" },
      { name: "d/l/x", content: "x" },
    ],
    expected: { "d/a": "/", "d/l": "/", "d/l/x": "x" },
  },
  "a file that comes twice": {
    entries: [{ name: "d/x", content: "1" }, { name: "d/x", content: "2" }],
    expected: { "d/x": "2" },
  },
  "a link that takes a directory's place": {
    entries: [
      { name: "d/a/x", content: "x" },
      { name: "d/a", type: "symlink", linkname: "b" },
    ],
    expected: { "d/a": "-> b" },
  },
  "names with dots and slashes too many": {
    entries: [{ name: "./d//a/./x", content: "x" }],
    expected: { "d/a": "/", "d/a/x": "x" },
  },
  "a backslash, which is a letter here": {
    entries: [{ name: "d/a\\..\\b", content: "x" }],
    expected: { "d/a\\..\\b": "x" },
  },
  "devices and pipes, by leaving them out": {
    entries: [
      { name: "d/x", content: "x" },
      { name: "d/null", type: "character-device" },
      { name: "d/disk", type: "block-device" },
      { name: "d/pipe", type: "fifo" },
    ],
    expected: { "d/x": "x" },
    skipped: ["d/null", "d/disk", "d/pipe"],
  },
  "long and foreign names": {
    entries: [{ name: `d/${"n".repeat(200)}`, content: "x" }, {
      name: "d/ünïcödé-日本",
      content: "y",
    }],
    expected: { [`d/${"n".repeat(200)}`]: "x", "d/ünïcödé-日本": "y" },
  },
  "whiteout names, which are plain names outside of images": {
    entries: [{ name: "d/.wh.x", content: "" }],
    expected: { "d/.wh.x": "" },
  },
};

for (
  const [what, { entries, expected, skipped = [] }] of Object.entries(ACCEPTED)
) {
  Deno.test({
    name: `extractDirectory() unpacks ${what}`,
    ignore: Deno.build.os === "windows",
    fn: async () => {
      await using work = await temporaryDirectory();
      const bytes = await archive(entries);
      const layer = await extractDirectory(
        streamOf(bytes),
        `${work.path}/out`,
        { prefix: "d" },
      );
      assertEquals(await tree(`${work.path}/out`), { d: "/", ...expected });
      assertEquals(layer.skipped, skipped);
      assertEquals(layer.entries, entries.length);
      assertEquals(layer.size, bytes.byteLength);
    },
  });
}

Deno.test("extractDirectory() strips set-id bits and keeps modes and times", async () => {
  await using work = await temporaryDirectory();
  const mtime = new Date("1960-01-02T03:04:05Z");
  const bytes = await archive([
    { name: "d", type: "directory", mode: 0o2755 },
    {
      name: "d/x",
      mode: 0o6755,
      pax: { mtime: String(mtime.getTime() / 1000) },
      content: "x",
    },
    { name: "d/locked", type: "directory", mode: 0o500, mtime: new Date(0) },
    { name: "d/locked/y", mode: 0o400, content: "y" },
  ]);
  await extractDirectory(streamOf(bytes), work.path, { prefix: "d" });
  const file = await stat(`${work.path}/d/x`);
  assertEquals(file.mode & 0o7000, 0);
  assertEquals(file.mode & 0o700, 0o700);
  assertEquals(Math.round(file.mtimeMs / 1000), mtime.getTime() / 1000);
  const locked = await stat(`${work.path}/d/locked`);
  assertEquals(locked.mode & 0o700, 0o500);
  assertEquals(locked.mtimeMs, 0);
});

Deno.test("extractDirectory() survives a time that no file system holds", async () => {
  await using work = await temporaryDirectory();
  const bytes = await archive([
    { name: "x", pax: { mtime: "99999999999999999999" }, content: "x" },
  ]);
  await extractDirectory(streamOf(bytes), work.path);
  assertEquals(await tree(work.path), { x: "x" });
});

Deno.test("extractDirectory() leaves nothing of an archive with another digest", async () => {
  await using work = await temporaryDirectory();
  const bytes = await archive([{ name: "d/x", content: "x" }]);
  const diffId = String(await Digest.fromString("another"));
  await assertRejects(
    () =>
      extractDirectory(streamOf(bytes), `${work.path}/a/b`, {
        prefix: "d",
        diffId,
      }),
    DigestMismatchError,
  );
  assertEquals(await tree(work.path), {});
});

Deno.test("extractDirectory() leaves nothing of a damaged archive", async (t) => {
  const content = new Uint8Array(200_000).fill(7);
  const whole = await archive([{ name: "d/x", content }, { name: "d/y" }]);
  const flipped = whole.slice();
  flipped[3]! ^= 1;
  const damaged: Record<string, Uint8Array<ArrayBuffer>> = {
    "cut off in a file": whole.slice(0, 100_000),
    "cut off in a header": whole.slice(0, 300),
    "without an end": whole.slice(0, -1024),
    "with a wrong checksum": flipped,
    "cut off in gzip": new Uint8Array(gzipSync(whole)).slice(0, -20),
    "cut off in zstd": new Uint8Array(zstdCompressSync(whole)).slice(0, -20),
    "with text in the place of a size": sizeField(whole, "garbage"),
    "with a negative size": sizeField(whole, "\x80\xff\xff\xff\xff\xff"),
  };
  for (const [what, bytes] of Object.entries(damaged)) {
    await t.step(what, async () => {
      await using work = await temporaryDirectory();
      const error = await assertRejects(
        () => extractDirectory(streamOf(bytes), `${work.path}/out`),
        LayerError,
      );
      assertEquals(error.code, "LAYER_INVALID");
      assertEquals(await tree(work.path), {});
    });
  }
});

/** The archive with another size in its first header, and the checksum to match. */
function sizeField(
  bytes: Uint8Array<ArrayBuffer>,
  text: string,
): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice();
  copy.fill(0, 124, 136);
  [...text].forEach((c, index) => copy[124 + index] = c.charCodeAt(0));
  copy.fill(0x20, 148, 156);
  const sum = copy.subarray(0, 512).reduce((a, b) => a + b, 0);
  new TextEncoder().encodeInto(
    `${sum.toString(8).padStart(6, "0")}\0 `,
    copy.subarray(148, 156),
  );
  return copy;
}

Deno.test("extractDirectory() passes a failure of its source on as it is", async () => {
  await using work = await temporaryDirectory();
  const bytes = await archive([{ name: "x", content: "x".repeat(5000) }]);
  const failure = new TypeError("the line was cut");
  for (const cut of [0, 100, 2000, bytes.byteLength]) {
    let sent = false;
    const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        if (sent || cut === 0) throw failure;
        sent = true;
        controller.enqueue(bytes.slice(0, cut));
      },
    });
    const error = await assertRejects(
      () => extractDirectory(stream, `${work.path}/out`),
    );
    assert(error === failure, `cut at ${cut}: ${error}`);
    assertEquals(await tree(work.path), {});
  }
});

Deno.test("extractDirectory() ends with the signal's reason and leaves nothing", async () => {
  await using work = await temporaryDirectory();
  const bytes = await archive([{ name: "x", content: "x".repeat(5000) }]);
  const controller = new AbortController();
  const reason = new Error("enough");
  let cancelled: unknown;
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(stream) {
      stream.enqueue(bytes.slice(0, 2000));
      setTimeout(() => controller.abort(reason), 10);
    },
    cancel(reason) {
      cancelled = reason;
    },
  });
  const { signal } = controller;
  const error = await assertRejects(
    () => extractDirectory(stream, `${work.path}/out`, { signal }),
  );
  assert(error === reason);
  assert(cancelled === reason);
  assertEquals(await tree(work.path), {});
});

Deno.test("extractDirectory() keeps within its limits", async (t) => {
  const entries = [...Array(20).keys()].map((n) => ({ name: `f${n}` }));
  const many = await archive(entries);
  const zeros = await archive([
    { name: "zeros", content: new Uint8Array(80 * 1024 * 1024) },
  ]);
  const cases: Record<
    string,
    [Uint8Array<ArrayBuffer>, Parameters<typeof extractDirectory>[2]]
  > = {
    entries: [many, { limits: { maxEntries: 19 } }],
    bytes: [many, { limits: { maxBytes: 5000 } }],
    ratio: [new Uint8Array(gzipSync(zeros)), {}],
  };
  for (const [what, [bytes, options]] of Object.entries(cases)) {
    await t.step(what, async () => {
      await using work = await temporaryDirectory();
      await assertRejects(
        () => extractDirectory(streamOf(bytes, 65536), work.path, options),
        LayerLimitError,
      );
      assertEquals(await tree(work.path), {});
    });
  }
});

Deno.test("extractDirectory() merges into a directory that is there", async () => {
  await using work = await temporaryDirectory();
  await mkdir(`${work.path}/d/sub`, { recursive: true });
  await writeFile(`${work.path}/d/kept`, "kept");
  await writeFile(`${work.path}/d/sub/x`, "old");
  await writeFile(`${work.path}/target`, "target");
  await symlink("../target", `${work.path}/d/y`);
  const bytes = await archive([
    root,
    { name: "d/sub/x", content: "new" },
    { name: "d/y", content: "y" },
    { name: "d/fresh/z", content: "z" },
  ]);
  await extractDirectory(streamOf(bytes), work.path, { prefix: "d" });
  assertEquals(await tree(work.path), {
    d: "/",
    "d/fresh": "/",
    "d/fresh/z": "z",
    "d/kept": "kept",
    "d/sub": "/",
    "d/sub/x": "new",
    // A link in the place of a file is replaced, never written through.
    "d/y": "y",
    target: "target",
  });
});

Deno.test("extractDirectory() refuses links out of the output directory", async (t) => {
  for (const place of ["d", "d/sub"]) {
    for (const target of ["outside", "missing"]) {
      await t.step(`${place} to ${target}`, async () => {
        await using work = await temporaryDirectory();
        const { path } = work;
        await mkdir(`${path}/outside`);
        await mkdir(`${path}/out`);
        if (place !== "d") await mkdir(`${path}/out/d`);
        await symlink(`${path}/${target}`, `${path}/out/${place}`);
        const before = await tree(path);
        const bytes = await archive([
          { name: "d/a", content: "a" },
          { name: "d/sub/x", content: "x" },
        ]);
        await assertRejects(
          () =>
            extractDirectory(streamOf(bytes), `${path}/out`, { prefix: "d" }),
          UnsafeEntryError,
        );
        assertEquals(await tree(path), before);
      });
    }
  }
});

Deno.test("extractDirectory() follows links that stay in the output directory", async () => {
  await using work = await temporaryDirectory();
  await mkdir(`${work.path}/real`);
  await symlink("real", `${work.path}/d`);
  const bytes = await archive([{ name: "d/x", content: "x" }]);
  await extractDirectory(streamOf(bytes), work.path, { prefix: "d" });
  assertEquals(await tree(work.path), {
    d: "-> real",
    real: "/",
    "real/x": "x",
  });
});

Deno.test("extractDirectory() lets no file and directory take each other's place", async () => {
  await using work = await temporaryDirectory();
  await mkdir(`${work.path}/x`);
  await writeFile(`${work.path}/y`, "y");
  const before = await tree(work.path);
  for (const name of ["x", "y/z"]) {
    const bytes = await archive([{ name: "new" }, { name }]);
    const error = await assertRejects(
      () => extractDirectory(streamOf(bytes), work.path),
      LayerError,
    );
    assertEquals(error.code, "LAYER_CONFLICT");
    assertEquals(await tree(work.path), before);
  }
});

Deno.test("extractDirectory() replaces no file when told to keep", async () => {
  await using work = await temporaryDirectory();
  await writeFile(`${work.path}/x`, "mine");
  const bytes = await archive([{ name: "a" }, { name: "x", content: "x" }]);
  await assertRejects(
    () => extractDirectory(streamOf(bytes), work.path, { keepExisting: true }),
    LayerError,
    "expected nothing in its place",
  );
  assertEquals(await tree(work.path), { x: "mine" });
});

Deno.test("extractDirectory() reads zeros at the end and several gzip members", async () => {
  await using work = await temporaryDirectory();
  const bytes = await archive([{ name: "x", content: "x".repeat(3000) }]);
  const padded = new Uint8Array(bytes.byteLength + 9216);
  padded.set(bytes);
  const members = [padded.slice(0, 2000), padded.slice(2000)];
  const packed = await new Blob(
    members.map((part) => new Uint8Array(gzipSync(part))),
  ).bytes();
  const { diffId } = await extractDirectory(streamOf(packed), work.path);
  assertEquals(diffId, String(await Digest.fromBytes(padded)));
  assertEquals(await tree(work.path), { x: "x".repeat(3000) });
});
