import { assertEquals, assertRejects } from "@std/assert";
import { CopyError, copyTags, MemoryStore } from "@gantry/oci/oras";
import { prepare } from "./_tagged.ts";

Deno.test("copyTags() copies all tags for people, and moves shared content once", async () => {
  const source = await prepare();
  const target = new MemoryStore();
  const done: string[] = [];
  const results = await copyTags(source, target, {
    onTag: (tag) => void done.push(tag),
  });
  assertEquals(done, ["one", "two"]);
  assertEquals([...results.keys()], done);
  assertEquals(await Array.fromAsync(target.listTags()), ["one", "two"]);
  // The second image's own layer and its manifest: base and config are there.
  assertEquals(results.get("two")?.copied, 2);
});

Deno.test("copyTags() copies chosen tags, and tells of one that is missing", async () => {
  const source = await prepare();
  const target = new MemoryStore();
  const run = () => copyTags(source, target, { tags: ["two", "none", "one"] });
  const error = await assertRejects(run, CopyError);
  assertEquals(error.reference, "none");
  assertEquals(await Array.fromAsync(target.listTags()), ["two"]);
});
