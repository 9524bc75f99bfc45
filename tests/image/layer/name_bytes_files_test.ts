import { assert, assertEquals, assertRejects } from "@std/assert";
import { LayerError, readTar, UnsafeEntryError } from "@gantry/oci/image/layer";
import {
  applyLayer,
  extractDirectory,
  packLayerToFile,
} from "@gantry/oci/image/layer/node";
import { writeFile } from "node:fs/promises";
import { found } from "../../_support/programs.ts";
import { streamOf } from "./_archives.ts";
import { temporaryDirectory, tree } from "./_directories.ts";
import { END, header, join, octal, padded } from "./_tar_blocks.ts";

async function names(archive: Uint8Array<ArrayBuffer>): Promise<string[]> {
  return await Array.fromAsync(
    readTar(streamOf(archive)),
    ({ header }) => header.name,
  );
}

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
