import { assertEquals, assertStringIncludes } from "@std/assert";
import { createRegistry } from "@gantry/oci/distribution/server";
import { openSandbox } from "../_support/cli_sandbox.ts";

for (const titles of [["a", "a/b/c"], ["a/b/c", "a"]]) {
  Deno.test(`pull writes nothing where a file is to be another's directory (${titles.join(", ")})`, async () => {
    await using box = await openSandbox();
    const reference = `${box.host}/app:v1`;
    for (const title of titles) {
      await box.write(`${title.length}.txt`, title);
    }
    await box.ok(
      ...["push", reference, "--export-manifest", "manifest.json"],
      ...titles.map((title) => `${title.length}.txt`),
    );
    const manifest = JSON.parse(await box.read("manifest.json"));
    for (const [index, title] of titles.entries()) {
      const { annotations } = manifest.layers[index];
      annotations["org.opencontainers.image.title"] = title;
    }
    const put = await fetch(`http://${box.host}/v2/app/manifests/v1`, {
      method: "PUT",
      headers: { "content-type": manifest.mediaType },
      body: JSON.stringify(manifest),
    });
    await put.body?.cancel();
    assertEquals(put.status, 201);
    const { code, stderr } = await box.gantry(["pull", reference, "-o", "out"]);
    assertEquals(code, 1);
    assertStringIncludes(stderr, "a/b/c is below a, which is a file");
    assertEquals(await box.exists("out/a"), false);
  });
}

Deno.test("pull follows no link that takes a directory's place while the registry is asked", async () => {
  const registry = createRegistry();
  const swaps: (() => Promise<void>)[] = [];
  await using box = await openSandbox(async (request) => {
    const isBlob = request.method === "GET" && request.url.includes("/blobs/");
    if (isBlob) await swaps.pop()?.();
    return await registry.fetch(request);
  });
  await box.write("s/f", "content");
  await box.write("outside/here", "");
  const reference = `${box.host}/app:v1`;
  await box.ok("push", reference, "s/f");
  await box.write("out/s/here", "");
  swaps.push(async () => {
    await Deno.rename(`${box.folder}/out/s`, `${box.folder}/out/old`);
    await Deno.symlink("../outside", `${box.folder}/out/s`);
  });
  const { code, stderr } = await box.gantry(["pull", reference, "-o", "out"]);
  assertEquals(code, 1);
  assertStringIncludes(stderr, "leads out of the output directory");
  assertEquals(await box.exists("outside/f"), false);
});
