import { assertEquals, assertRejects } from "@std/assert";
import { CopyError, copyTags, MemoryStore } from "@gantry/oci/oras";
import { prepare } from "./_tagged.ts";

Deno.test("copyTags() copies all tags but lists of referrers, and moves shared content once", async () => {
  const source = await prepare();
  const one = await source.resolve("one");
  await source.tag(one, one.digest.replace(":", "-"));
  const signatures = (await Array.fromAsync(source.listTags()))
    .filter((tag) => tag.endsWith(".sig"));
  assertEquals(signatures.length, 2);
  const target = new MemoryStore();
  const done: string[] = [];
  const results = await copyTags(source, target, {
    onTag: (tag) => void done.push(tag),
  });
  const expected = ["one", ...signatures, "two"];
  assertEquals(done, expected);
  assertEquals([...results.keys()], expected);
  assertEquals(await Array.fromAsync(target.listTags()), expected);
  // The second image's own layer and its manifest: base and config are there.
  const images = await copyTags(source, new MemoryStore(), {
    tags: ["one", "two"],
  });
  assertEquals(images.get("two")?.copied, 2);
});

Deno.test("copyTags() copies chosen tags, and tells of one that is missing", async () => {
  const source = await prepare();
  const target = new MemoryStore();
  const run = () => copyTags(source, target, { tags: ["two", "none", "one"] });
  const error = await assertRejects(run, CopyError);
  assertEquals(error.reference, "none");
  assertEquals(await Array.fromAsync(target.listTags()), ["two"]);
});
