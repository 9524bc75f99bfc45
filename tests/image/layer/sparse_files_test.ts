import { assert, assertEquals, assertRejects } from "@std/assert";
import { LayerLimitError, readTar } from "@gantry/oci/image/layer";
import { applyLayer, extractDirectory } from "@gantry/oci/image/layer/node";
import { found } from "../../_support/programs.ts";
import { streamOf } from "./_archives.ts";
import { temporaryDirectory } from "./_directories.ts";
import {
  good,
  lines,
  oldForm,
  PARTS,
  type Parts,
  paxForm,
  SIZE,
  V1,
  whole,
} from "./_sparse_forms.ts";
import { END, join } from "./_tar_blocks.ts";

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
