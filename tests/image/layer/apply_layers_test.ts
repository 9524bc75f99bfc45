import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
} from "@std/assert";
import { Digest, DigestMismatchError, OciError } from "@gantry/oci/digest";
import {
  LayerError,
  LayerLimitError,
  UnsafeEntryError,
} from "@gantry/oci/image/layer";
import {
  applyLayer,
  applyLayers,
  type LayerInput,
} from "@gantry/oci/image/layer/node";
import {
  lstat,
  mkdir,
  readdir,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { archive, type Entry, streamOf } from "./_archives.ts";
import { temporaryDirectory, tree } from "./_directories.ts";

async function layer(entries: Entry[]): Promise<LayerInput> {
  const bytes = await archive(entries);
  return { open: () => streamOf(bytes) };
}

const d = (name: string, mode = 0o755): Entry => ({
  name: `${name}/`,
  type: "directory",
  mode,
});
const f = (name: string, content = name): Entry => ({ name, content });
const l = (name: string, linkname: string): Entry => ({
  name,
  type: "symlink",
  linkname,
});
const h = (name: string, linkname: string): Entry => ({
  name,
  type: "link",
  linkname,
});
const gone = (name: string): Entry => ({ name, content: "" });

/** Stacks of layers and the tree that they make; rule numbers are the specification's order. */
const STACKS: Record<
  string,
  { layers: Entry[][]; tree: Record<string, string> }
> = {
  "hides a file and a directory": {
    layers: [
      [d("etc"), f("etc/a"), f("etc/b"), d("usr"), f("usr/x")],
      [gone("etc/.wh.a"), gone(".wh.usr")],
    ],
    tree: { etc: "/", "etc/b": "etc/b" },
  },
  "hides nothing of the whiteout's own layer, before or after it": {
    layers: [
      [f("a", "old"), f("b", "old")],
      [f("a", "new"), gone(".wh.a"), gone(".wh.b"), f("b", "new")],
    ],
    tree: { a: "new", b: "new" },
  },
  "hides what a directory of the same layer would have inherited": {
    layers: [
      [d("a"), f("a/old"), d("a/sub"), f("a/sub/old")],
      [d("a"), f("a/new"), d("a/sub"), gone(".wh.a")],
    ],
    tree: { a: "/", "a/new": "a/new", "a/sub": "/" },
  },
  "applies an opaque whiteout first": {
    layers: [
      [d("a"), f("a/old"), d("a/sub"), f("a/sub/old"), f("b")],
      [d("a"), d("a/sub"), f("a/new"), gone("a/.wh..wh..opq"), f("a/z")],
    ],
    tree: { a: "/", "a/new": "a/new", "a/sub": "/", "a/z": "a/z", b: "b" },
  },
  "applies an opaque whiteout of the root": {
    layers: [
      [d("a"), f("a/old"), f("b")],
      [f("c"), gone(".wh..wh..opq")],
    ],
    tree: { c: "c" },
  },
  "applies an opaque whiteout that stands before its siblings": {
    layers: [
      [d("a"), f("a/old")],
      [d("a"), gone("a/.wh..wh..opq"), f("a/new")],
    ],
    tree: { a: "/", "a/new": "a/new" },
  },
  "keeps whiteouts out of the tree and takes those of nothing": {
    layers: [[gone(".wh.missing"), gone("no/such/.wh.dir"), f("a")]],
    tree: { a: "a" },
  },
  "leaves out the book-keeping of AUFS": {
    layers: [[d(".wh..wh.plnk"), f(".wh..wh.plnk/1.2"), f(".wh..wh.aufs")]],
    tree: {},
  },
  "keeps the content of a directory that comes again": {
    layers: [[d("a"), f("a/x")], [d("a", 0o700), f("a/y")]],
    tree: { a: "/", "a/x": "a/x", "a/y": "a/y" },
  },
  "replaces all else": {
    layers: [
      [d("dir"), f("dir/x"), f("file"), l("link", "dir"), f("other")],
      [f("dir", "now a file"), d("file"), d("link"), l("other", "file")],
    ],
    tree: { dir: "now a file", file: "/", link: "/", other: "-> file" },
  },
  "writes no file through a link of the same name": {
    layers: [[f("target"), l("link", "target")], [f("link", "new")]],
    tree: { target: "target", link: "new" },
  },
  "follows a parent that is a link to inside": {
    layers: [
      [d("usr"), d("usr/lib"), l("lib", "usr/lib"), l("up", "usr/../usr")],
      [f("lib/a"), f("up/lib/b")],
    ],
    tree: {
      usr: "/",
      "usr/lib": "/",
      "usr/lib/a": "lib/a",
      "usr/lib/b": "up/lib/b",
      lib: "-> usr/lib",
      up: "-> usr/../usr",
    },
  },
  "takes an absolute link from the root of the tree": {
    layers: [
      [d("var"), d("run"), l("var/run", "/run")],
      [f("var/run/pid"), gone("var/run/.wh.none")],
    ],
    tree: {
      var: "/",
      run: "/",
      "run/pid": "var/run/pid",
      "var/run": "-> /run",
    },
  },
  "hides through a link": {
    layers: [
      [d("usr"), d("usr/lib"), f("usr/lib/a"), l("lib", "usr/lib")],
      [gone("lib/.wh.a")],
    ],
    tree: { usr: "/", "usr/lib": "/", lib: "-> usr/lib" },
  },
  "hides a link and not what it leads to": {
    layers: [[d("a"), f("a/x"), l("b", "a")], [gone(".wh.b")]],
    tree: { a: "/", "a/x": "a/x" },
  },
  "keeps links whatever they point at": {
    layers: [[l("a", "../../etc"), l("b", "/proc/self"), l("c", "c")]],
    tree: { a: "-> ../../etc", b: "-> /proc/self", c: "-> c" },
  },
  "links to a file of a lower layer, and to a link": {
    layers: [
      [d("a"), f("a/x", "content"), l("s", "a")],
      [h("b", "a/x"), h("c", "./s"), h("e", "/s/x")],
    ],
    tree: {
      a: "/",
      "a/x": "content",
      s: "-> a",
      b: "content",
      c: "-> a",
      e: "content",
    },
  },
  "keeps a link's content when its first name is replaced or hidden": {
    layers: [
      [f("a", "one"), h("b", "a"), f("c", "two"), h("e", "c")],
      [f("a", "three"), gone(".wh.c")],
    ],
    tree: { a: "three", b: "one", e: "two" },
  },
  "makes parents that no entry names, and takes leading slashes and dots": {
    layers: [[f("a/b/c"), f("/abs"), f("./dot"), d("./"), d("/")]],
    tree: { a: "/", "a/b": "/", "a/b/c": "a/b/c", abs: "/abs", dot: "./dot" },
  },
  "takes a name twice, the last one": {
    layers: [[f("a", "1"), f("a", "2"), l("b", "a"), f("b", "3")]],
    tree: { a: "2", b: "3" },
  },
};

for (const [what, { layers, tree: expected }] of Object.entries(STACKS)) {
  Deno.test(`applyLayers() ${what}`, async (t) => {
    await using work = await temporaryDirectory();
    await t.step("into a new directory", async () => {
      const root = `${work.path}/new`;
      await applyLayers(await Promise.all(layers.map(layer)), root);
      assertEquals(await tree(root), expected);
    });
    await t.step("one call for each layer", async () => {
      const root = `${work.path}/steps`;
      await mkdir(root);
      for (const entries of layers) {
        await applyLayer(await layer(entries), root);
      }
      assertEquals(await tree(root), expected);
    });
  });
}

/** Layers that are refused, above a base of `dir/`, `dir/file` and `out -> ../..`. */
const REFUSED: Record<string, Entry[]> = {
  "a whiteout of nothing": [gone(".wh.")],
  "a whiteout of the directory itself": [gone("dir/.wh..")],
  "a whiteout of the directory above": [gone("dir/.wh...")],
  "a whiteout that is a directory": [d(".wh.dir")],
  "a whiteout that is a link": [l(".wh.dir", "dir")],
  "a file below a whiteout's name": [f("dir/.wh.x/file")],
  '".." in a name': [f("dir/../../x")],
  '".." in a hard link': [h("x", "dir/../../etc/passwd")],
  "a parent that leads out": [f("out/x")],
  "a whiteout whose parent leads out": [gone("out/.wh.x")],
  "a hard link whose parent leads out": [h("x", "out/x")],
  "a parent that is a file": [f("dir/file/x")],
  "a parent that is a link to nothing": [l("a", "nowhere"), f("a/x")],
  "a parent in a circle": [l("a", "b"), l("b", "a"), f("a/x")],
  "a hard link to nothing": [h("x", "missing")],
  "a hard link to a directory": [h("x", "dir")],
  "a hard link to what it replaces": [h("dir", "dir/file")],
  "a root that is a link": [l(".", "dir")],
  "a root that is a file": [f(".", "x")],
  "a link to nowhere": [l("a", "")],
  "a name beyond the limit": [f("x/".repeat(3000))],
};

for (const [what, entries] of Object.entries(REFUSED)) {
  Deno.test(`applyLayers() refuses ${what} and changes nothing`, async () => {
    await using work = await temporaryDirectory();
    const root = `${work.path}/root`;
    const base = [d("dir"), f("dir/file"), l("out", "../..")];
    await applyLayer(await layer(base), root);
    await writeFile(`${work.path}/x`, "outside");
    const before = await tree(work.path);
    await assertRejects(
      async () =>
        await applyLayers(
          await Promise.all(
            [[f("first")], [f("dir/file", "new"), ...entries]].map(layer),
          ),
          root,
        ),
      UnsafeEntryError,
    );
    assertEquals(await tree(work.path), before);
  });
}

Deno.test("applyLayers() refuses to hide a link that its layer went through", async () => {
  await using work = await temporaryDirectory();
  const layers = [
    [d("a"), d("b"), l("b/link", "../a")],
    [f("b/link/x"), gone("b/.wh..wh..opq")],
  ];
  const error = await assertRejects(
    async () =>
      await applyLayers(
        await Promise.all(layers.map(layer)),
        `${work.path}/root`,
      ),
    LayerError,
  );
  assertEquals(error.code, "LAYER_CONFLICT");
  assertEquals(await readdir(work.path), []);
});

Deno.test("applyLayers() checks digests and sizes before anything is seen", async (t) => {
  const bytes = new Uint8Array(gzipSync(await archive([f("a")])));
  const other = String(await Digest.fromString("other"));
  const cases: [
    string,
    Partial<LayerInput>,
    new (...args: never[]) => OciError,
  ][] = [
    ["digest", { digest: other }, DigestMismatchError],
    ["DiffID", { diffId: other }, DigestMismatchError],
    ["larger size", { size: bytes.length - 1 }, LayerError],
    ["smaller size", { size: bytes.length + 1 }, LayerError],
    ["wrong media type", {
      mediaType: "application/vnd.oci.image.layer.v1.tar",
    }, LayerError],
  ];
  for (const [what, known, type] of cases) {
    await t.step(what, async () => {
      await using work = await temporaryDirectory();
      const error = await assertRejects(
        async () =>
          await applyLayers(
            [await layer([f("first")]), {
              open: () => streamOf(bytes),
              ...known,
            }],
            `${work.path}/deep/root`,
          ),
        OciError,
      );
      assertInstanceOf(error, type);
      assertEquals(await readdir(work.path), []);
    });
  }
  await t.step("what is right passes", async () => {
    await using work = await temporaryDirectory();
    const diffId = String(await Digest.fromBytes(await archive([f("a")])));
    const result = await applyLayers([{
      open: () => streamOf(bytes),
      mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
      digest: String(await Digest.fromBytes(bytes)),
      size: bytes.length,
      diffId,
    }], work.path);
    assertEquals(result.chainId, diffId);
    assertEquals(result.layers[0]!.entries, 1);
  });
});

Deno.test("applyLayers() keeps modes and times, those of directories too", async () => {
  await using work = await temporaryDirectory();
  const root = `${work.path}/root`;
  const time = new Date(1_500_000_000_000);
  await applyLayers(
    [
      await layer([
        { ...d("closed", 0o555), mtime: time },
        { ...f("closed/file"), mode: 0o666, mtime: time },
        { ...l("closed/link", "file"), mtime: time },
        { ...d("open", 0o1777), mtime: time },
      ]),
      // Parents without an entry keep what a lower layer says of them.
      await layer([f("closed/second"), f("implicit/file")]),
    ],
    root,
    { owners: "keep" },
  );
  const modeOf = async (name: string) =>
    ((await lstat(`${root}/${name}`)).mode & 0o7777).toString(8);
  assertEquals(await modeOf("closed"), "555");
  assertEquals(await modeOf("closed/file"), "666");
  assertEquals(await modeOf("open"), "1777");
  assertEquals(await modeOf("implicit"), "755");
  for (const name of ["closed", "closed/file", "closed/link", "open"]) {
    assertEquals((await lstat(`${root}/${name}`)).mtime, time);
  }
});

Deno.test({
  name:
    "applyLayers() gives owners and set-id bits to the superuser only where asked",
  ignore: Deno.uid() !== 0,
  async fn() {
    await using work = await temporaryDirectory();
    const entries: Entry[] = [
      { ...f("su"), mode: 0o4755, uid: 12, gid: 34 },
      { ...d("home"), uid: 3_000_000, gid: 5 },
      { ...l("link", "su"), uid: 12, gid: 34 },
    ];
    for (const owners of ["keep", "ignore"] as const) {
      const root = `${work.path}/${owners}`;
      await applyLayer(await layer(entries), root, { owners });
      const [su, home, link] = await Promise.all(
        ["su", "home", "link"].map((name) => lstat(`${root}/${name}`)),
      );
      const keep = owners === "keep";
      assertEquals([su!.uid, su!.gid], keep ? [12, 34] : [0, 0]);
      assertEquals([home!.uid, home!.gid], keep ? [3_000_000, 5] : [0, 0]);
      assertEquals([link!.uid, link!.gid], keep ? [12, 34] : [0, 0]);
      assertEquals(su!.mode & 0o7777, keep ? 0o4755 : 0o755);
    }
  },
});

Deno.test("applyLayers() leaves out devices and pipes, and what they replace", async () => {
  await using work = await temporaryDirectory();
  const root = `${work.path}/root`;
  const { layers } = await applyLayers([
    await layer([f("a")]),
    await layer([
      { name: "a", type: "character-device" },
      { name: "pipe", type: "fifo" },
      f("b"),
    ]),
  ], root);
  assertEquals(layers[1]!.skipped, ["a", "pipe"]);
  assertEquals(await tree(root), { b: "b" });
});

Deno.test("applyLayers() leaves files alone that no layer speaks of", async () => {
  await using work = await temporaryDirectory();
  const root = `${work.path}/root`;
  await mkdir(`${root}/dir`, { recursive: true });
  await writeFile(`${root}/dir/file`, "mine");
  await symlink("dir", `${root}/link`);
  const before = await stat(`${root}/dir/file`);
  const directory = await stat(`${root}/dir`);
  await applyLayer(await layer([f("link/new"), f("other")]), root);
  const after = await stat(`${root}/dir/file`);
  assertEquals(after.ino, before.ino);
  assertEquals(after.mtime, before.mtime);
  assertEquals(after.nlink, 1);
  assertEquals((await stat(`${root}/dir`)).ino, directory.ino);
  assertEquals(await tree(root), {
    dir: "/",
    "dir/file": "mine",
    "dir/new": "link/new",
    link: "-> dir",
    other: "other",
  });
});

Deno.test("applyLayers() keeps within its limits", async (t) => {
  const zeros = new Uint8Array(gzipSync(
    await archive([{ name: "zeros", content: new Uint8Array(80_000_000) }]),
  ));
  const input = { open: () => streamOf(zeros) };
  for (
    const limits of [{ maxBytes: 1000 }, { maxEntries: 0 }, { maxRatio: 2 }]
  ) {
    await t.step(JSON.stringify(limits), async () => {
      await using work = await temporaryDirectory();
      const root = `${work.path}/root`;
      await assertRejects(
        () => applyLayers([input], root, { limits }),
        LayerLimitError,
      );
      assertEquals(await readdir(work.path), []);
    });
  }
});

Deno.test("applyLayers() ends with the signal's reason and changes nothing", async () => {
  await using work = await temporaryDirectory();
  const controller = new AbortController();
  const reason = new Error("enough");
  const layers = [
    await layer([f("a")]),
    {
      open: () => {
        controller.abort(reason);
        return new ReadableStream<Uint8Array<ArrayBuffer>>();
      },
    },
  ];
  const { signal } = controller;
  const error = await assertRejects(() =>
    applyLayers(layers, `${work.path}/root`, { signal })
  );
  assert(error === reason);
  assertEquals(await readdir(work.path), []);
});

Deno.test("applyLayers() passes a failure of a source on as it is", async () => {
  await using work = await temporaryDirectory();
  const failure = new TypeError("the line was cut");
  const error = await assertRejects(async () =>
    await applyLayers([await layer([f("a")]), {
      open: () =>
        new ReadableStream<Uint8Array<ArrayBuffer>>({
          pull(controller) {
            controller.error(failure);
          },
        }),
    }], `${work.path}/root`)
  );
  assert(error === failure);
  assertEquals(await readdir(work.path), []);
});

Deno.test("applyLayers() soon gives up on links that multiply", async () => {
  await using work = await temporaryDirectory();
  const entries = [d("d"), l("l0", "d/..")];
  for (let number = 1; number <= 200; number++) {
    entries.push(l(`l${number}`, `l${number - 1}/${"d/../".repeat(500)}d/..`));
  }
  entries.push(f("l200/x"));
  const input = await layer(entries);
  await assertRejects(
    () => applyLayers([input], `${work.path}/root`),
    LayerLimitError,
  );
  assertEquals(await readdir(work.path), []);
});
