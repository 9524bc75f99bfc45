import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { packTar } from "modern-tar";
import { applyLayer } from "@gantry/oci/image/layer/node";
import { MemoryStore } from "@gantry/oci/oras";
import { writeVerifiedFile } from "@gantry/oci/oras/node";
import { describeText, fixture } from "./_fixture.ts";

const TEXT = "just a demo";

/** A byte stream as many make it: it ends without an answer to whoever is waiting. */
function streamOf(
  bytes: Uint8Array<ArrayBuffer>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const pieces = [bytes.slice(0, 4), bytes.slice(4)];
  return new ReadableStream({
    type: "bytes",
    pull(controller) {
      const piece = pieces.shift();
      if (piece === undefined) controller.close();
      else controller.enqueue(piece);
    },
  });
}

const open = () => streamOf(new TextEncoder().encode(TEXT));
const SOURCE = { size: TEXT.length, open };

Deno.test("a source may give streams that end without an answer to their reader", async () => {
  await using setting = await fixture();
  const { folder, registry } = setting;
  const descriptor = await describeText(TEXT);
  await registry.push("a/b:v1", { files: [{ title: "a", content: SOURCE }] });
  const [path] = await registry.pull("a/b:v1", { outdir: join(folder, "out") });
  assertEquals(await Deno.readTextFile(path!), TEXT);

  const { blobs } = registry.repository("a/c");
  const streamed = await blobs.pushStream(open(), { mediaType: "text/plain" });
  assertEquals(streamed, descriptor);

  const memory = new MemoryStore();
  await memory.push(descriptor, SOURCE);
  const stream = await memory.fetch(descriptor);
  assertEquals(await new Response(stream).text(), TEXT);

  const file = join(folder, "file");
  await writeVerifiedFile(file, open());
  assertEquals(await Deno.readTextFile(file), TEXT);
});

Deno.test("a layer may be a stream that ends without an answer to its reader", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const tar = await packTar([{ header: { name: "a", size: 1 }, body: "a" }]);
    const open = () => streamOf(tar as Uint8Array<ArrayBuffer>);
    const directory = join(folder, "root");
    await applyLayer({ open }, directory);
    assertEquals(await Deno.readTextFile(join(directory, "a")), "a");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
