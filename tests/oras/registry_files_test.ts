import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { NotFoundError } from "@gantry/oci/distribution";
import { Digest } from "@gantry/oci/digest";
import { PathError } from "@gantry/oci/oras";
import { describeText, fixture } from "./_fixture.ts";

Deno.test("uploadBlob() takes text, bytes, blobs, files and sources", async () => {
  await using setting = await fixture();
  const { folder, registry, write } = setting;
  await write({ "file": "content" });
  const bytes = new TextEncoder().encode("content");
  const contents = [
    "content",
    bytes,
    new Blob([bytes]),
    { path: join(folder, "file") },
    { size: 7, open: () => new Blob([bytes]).stream() },
  ];
  const expected = await describeText("content", "x/y");
  for (const [at, content] of contents.entries()) {
    const target = `a/b${at}`;
    const mediaType = "x/y";
    const blob = await registry.uploadBlob(target, content, { mediaType });
    assertEquals(blob, expected);
    const stream = await registry.getBlob(target, blob.digest);
    assertEquals(await new Response(stream).text(), "content");
  }
  await assertRejects(
    () => registry.uploadBlob("a/b", { path: join(folder, "missing") }),
    PathError,
  );
});

Deno.test("downloadBlob() writes a file whole, makes its directory, and keeps what it must", async () => {
  await using setting = await fixture();
  const { folder, registry, names, read } = setting;
  const blob = await registry.uploadBlob("a/b", "content");
  const path = join(folder, "deep/down/file");
  for (const which of [blob, blob.digest]) {
    assertEquals(await registry.downloadBlob("a/b", which, { path }), path);
    assertEquals(await read("deep/down/file"), "content");
  }
  const error = await assertRejects(
    () => registry.downloadBlob("a/b", blob, { path, overwrite: false }),
    PathError,
  );
  assertEquals(error.code, "PATH_EXISTS");
  assertEquals(await names("deep/down"), ["file"]);
  const digest = String(await Digest.fromString("missing"));
  await assertRejects(
    () => registry.downloadBlob("a/b", digest, { path: join(folder, "new") }),
    NotFoundError,
  );
  assertEquals(await names(), ["deep", "deep/down", "deep/down/file"]);
});
