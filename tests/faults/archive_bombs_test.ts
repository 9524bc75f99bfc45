import { assertEquals, assertRejects } from "@std/assert";
import { LayerLimitError } from "@gantry/oci/image/layer";
import { extractDirectory } from "@gantry/oci/image/layer/node";
import { archive, type Entry, streamOf } from "../image/layer/_archives.ts";
import { temporaryDirectory, tree } from "../image/layer/_directories.ts";

Deno.test("extractDirectory() gives up on long links that lead through one another", async () => {
  await using work = await temporaryDirectory();
  const detour = "x/../".repeat(780);
  // Ten kilobytes, once compressed, that would take hours to unpack.
  const links = Array.from({ length: 240 }, (_, index): Entry => ({
    name: `l${index}`,
    type: "symlink",
    linkname: `${detour}${index === 0 ? "x" : `l${index - 1}`}`,
  }));
  const bytes = await archive([
    { name: "x", type: "directory", mode: 0o755 },
    ...links,
  ]);
  await assertRejects(
    () => extractDirectory(streamOf(bytes, 65536), work.path),
    LayerLimitError,
  );
  assertEquals(await tree(work.path), {});
});

Deno.test("extractDirectory() forgets the mode of a directory that something replaced", async () => {
  await using work = await temporaryDirectory();
  const bytes = await archive([
    { name: "a", type: "directory", mode: 0o700 },
    { name: "a/b", type: "directory", mode: 0o500 },
    { name: "a", content: "a file now" },
    { name: "a", type: "directory", mode: 0o755 },
    { name: "a/b/c", content: "c" },
  ]);
  await extractDirectory(streamOf(bytes), work.path);
  assertEquals(await tree(work.path), { a: "/", "a/b": "/", "a/b/c": "c" });
  const { mode } = await Deno.stat(`${work.path}/a/b`);
  assertEquals(mode! & 0o200, 0o200);
});
