import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { Reference } from "@gantry/oci/distribution";
import { Registry } from "@gantry/oci/oras";
import { ROOT } from "../_support/imports.ts";
import { fixture } from "./_fixture.ts";

Deno.test("every call of a provider takes a text or a Reference", async () => {
  await using setting = await fixture();
  const { folder } = setting;
  const registry = new Registry(setting.options);
  const text = "team/app:v1";
  for (const target of [text, Reference.parse(`registry.example/${text}`)]) {
    const files = [{ title: "a", content: "a" }];
    const pushed = await registry.push(target, { files });
    const { digest } = pushed.descriptor;
    const [layer] = pushed.manifest.value.layers;
    assertEquals(String(pushed.reference), `registry.example/${text}`);

    const attached = await registry.attach(target, {
      artifactType: "application/vnd.example.note",
      annotations: { mood: "good" },
    });
    assertEquals(attached.subject.digest, digest);
    const { referrers } = await registry.discover(target);
    assert(referrers.length > 0);

    const manifest = await registry.getManifest(target);
    assertEquals(manifest.descriptor.digest, digest);
    const { digest: put } = await registry.uploadManifest(
      target,
      manifest.bytes,
    );
    assertEquals(put, digest);
    assertEquals((await registry.resolve(target)).digest, digest);
    assertEquals((await registry.tag(target, "v2")).digest, digest);

    const blob = await registry.uploadBlob(target, "blob");
    assert(await registry.blobExists(target, blob));
    const stream = await registry.getBlob(target, layer!);
    assertEquals(await new Response(stream).text(), "a");
    const path = join(folder, "blob");
    assertEquals(await registry.downloadBlob(target, blob, { path }), path);

    const outdir = join(folder, "out");
    assertEquals(await registry.pull(target, { outdir }), [join(outdir, "a")]);
    const { files: [file] } = await registry.pullArtifact(target, { outdir });
    assertEquals(file!.path, join(outdir, "a"));

    const { tags } = await registry.copy(target, "team/other:v1");
    assertEquals(tags, ["v1"]);
    assertEquals(await registry.getTags(target), ["v1", "v2"]);
    assertEquals(await registry.deleteTag(target, "v2"), true);
    assertEquals(await registry.deleteTags(target, ["v1", "v3"]), ["v1"]);
    assertEquals(registry.repository(target).name, "team/app");
    assertEquals(
      String(registry.getContainer(target)),
      `registry.example/${text}`,
    );
  }
});

Deno.test("push() reads from the current directory, and pull() writes to it, where nothing is said", async () => {
  const program = `
    import { Registry } from "@gantry/oci/oras";
    import { fromHandler } from "@gantry/oci/distribution";
    import { createRegistry } from "@gantry/oci/distribution/server";
    const transport = fromHandler(createRegistry().fetch);
    const registry = new Registry({ hostname: "registry.example", transport });
    await Deno.writeTextFile("a.txt", "a");
    await registry.push("team/app", { files: ["a.txt"] });
    await Deno.remove("a.txt");
    console.log(JSON.stringify(await registry.pull("team/app")));
  `;
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    const config = new URL("deno.json", ROOT).pathname;
    const { stderr, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", "--config", config, program],
      cwd: folder,
    }).output();
    const text = new TextDecoder().decode(stdout);
    assert(text !== "", new TextDecoder().decode(stderr));
    const path = join(folder, "a.txt");
    assertEquals(JSON.parse(text), [path]);
    assertEquals(await Deno.readTextFile(path), "a");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
