import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { packTar } from "modern-tar";
import { applyLayer } from "@gantry/oci/image/layer/node";
import { writeVerifiedFile } from "@gantry/oci/oras/node";
import { closedStream, openText, SOURCE, TEXT } from "./_closed_source.ts";
import { fixture } from "./_fixture.ts";

Deno.test("files are written from streams that end without an answer to their reader", async () => {
  await using setting = await fixture();
  const { folder, registry } = setting;
  await registry.push("a/b:v1", { files: [{ title: "a", content: SOURCE }] });
  const [path] = await registry.pull("a/b:v1", { outdir: join(folder, "out") });
  assertEquals(await Deno.readTextFile(path!), TEXT);

  const file = join(folder, "file");
  await writeVerifiedFile(file, openText());
  assertEquals(await Deno.readTextFile(file), TEXT);
});

Deno.test("a layer may be a stream that ends without an answer to its reader", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const tar = await packTar([{ header: { name: "a", size: 1 }, body: "a" }]);
    const open = () => closedStream(tar as Uint8Array<ArrayBuffer>);
    const directory = join(folder, "root");
    await applyLayer({ open }, directory);
    assertEquals(await Deno.readTextFile(join(directory, "a")), "a");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
