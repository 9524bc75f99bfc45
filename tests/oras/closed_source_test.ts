import { assertEquals } from "@std/assert";
import { MemoryStore } from "@gantry/oci/oras";
import { openText, SOURCE, TEXT } from "./_closed_source.ts";
import { describeText, manifestOf, provider } from "./_provider.ts";

Deno.test("a source may give streams that end without an answer to their reader", async () => {
  const { registry } = provider();
  const descriptor = await describeText(TEXT);
  const files = [{ title: "a", content: SOURCE }];
  const { manifest } = await registry.push("a/b:v1", { files });
  const [layer] = manifestOf(manifest).layers;
  assertEquals(layer?.digest, descriptor.digest);
  const pushed = await registry.getBlob("a/b", layer!);
  assertEquals(await new Response(pushed).text(), TEXT);

  const { blobs } = registry.repository("a/c");
  const options = { mediaType: "text/plain" };
  assertEquals(await blobs.pushStream(openText(), options), descriptor);

  const memory = new MemoryStore();
  await memory.push(descriptor, SOURCE);
  const stream = await memory.fetch(descriptor);
  assertEquals(await new Response(stream).text(), TEXT);
});
