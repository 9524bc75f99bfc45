import { assertEquals, assertRejects } from "@std/assert";
import {
  chainId,
  compressionOf,
  LayerError,
  readTar,
} from "@gantry/oci/image/layer";
import { archive, streamOf } from "./_archives.ts";

Deno.test("readTar() gives headers and contents in order", async () => {
  const bytes = await archive([
    { name: "d/", type: "directory", mode: 0o1777, uid: 3_000_000, gid: 5 },
    { name: "d/x", content: "content", uname: "me", gname: "us" },
    {
      name: "d/l",
      type: "symlink",
      linkname: "x",
      pax: { "SCHILY.xattr.a": "b" },
    },
  ]);
  const found: unknown[] = [];
  for await (const { header, body } of readTar(streamOf(bytes, 100))) {
    found.push([
      header.name,
      header.type,
      header.mode,
      await new Response(body).text(),
    ]);
    if (header.name === "d/") {
      assertEquals([header.uid, header.gid], [3_000_000, 5]);
    }
    if (header.name === "d/x") {
      assertEquals([header.uname, header.gname], ["me", "us"]);
    }
    if (header.name === "d/l") {
      assertEquals(header.pax, { "SCHILY.xattr.a": "b" });
    }
  }
  assertEquals(found, [
    ["d/", "directory", 0o1777, ""],
    ["d/x", "file", 0o644, "content"],
    ["d/l", "symlink", 0o644, ""],
  ]);
});

Deno.test("readTar() skips bodies that nobody reads", async () => {
  const bytes = await archive([
    { name: "a", content: "a".repeat(3_000_000) },
    { name: "b", content: "b" },
  ]);
  const names: string[] = [];
  for await (const { header } of readTar(streamOf(bytes, 65536))) {
    names.push(header.name);
  }
  assertEquals(names, ["a", "b"]);
});

Deno.test("readTar() ends its source when it is left", async () => {
  const bytes = await archive([
    { name: "a", content: "a".repeat(3_000_000) },
    { name: "b", content: "b" },
  ]);
  let cancelled = false;
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      controller.enqueue(bytes.slice(0, 70_000));
    },
    cancel() {
      cancelled = true;
    },
  });
  for await (const _ of readTar(source)) break;
  assertEquals(cancelled, true);
});

Deno.test("readTar() reads its source to the very end", async () => {
  const bytes = await archive([{ name: "a", content: "a" }]);
  const failure = new Error("the digest is wrong");
  async function* source(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    yield bytes;
    await new Promise((done) => setTimeout(done, 5));
    yield new Uint8Array(4096);
    throw failure;
  }
  await assertRejects(
    async () => {
      for await (const _ of readTar(source()));
    },
    Error,
    failure.message,
  );
});

Deno.test("readTar() refuses what follows the end and is not zero", async () => {
  const bytes = await archive([{ name: "a" }]);
  const more = new Uint8Array(bytes.byteLength + 512).fill(1);
  more.set(bytes);
  await assertRejects(
    async () => {
      for await (const _ of readTar(streamOf(more)));
    },
    LayerError,
    "Cannot read layer",
  );
});

Deno.test("chainId() folds DiffIDs", async () => {
  const ab =
    "sha256:970a948bffa8de94d6e22d747ba8c95030e6e546909f98f54e99a13005e173a8";
  const abc =
    "sha256:dee159b33409cefa3f6eda71539f006014283e9d9130c18a1dea7bd8a33c9b1b";
  assertEquals(await chainId([]), undefined);
  assertEquals(await chainId(["sha256:a"]), "sha256:a");
  assertEquals(await chainId(["sha256:a", "sha256:b"]), ab);
  assertEquals(await chainId(["sha256:a", "sha256:b", "sha256:c"]), abc);
});

Deno.test("compressionOf() knows the types of layers", () => {
  const types: Record<string, string | undefined> = {
    "application/vnd.oci.image.layer.v1.tar": "none",
    "application/vnd.oci.image.layer.v1.tar+gzip": "gzip",
    "application/vnd.oci.image.layer.v1.tar+zstd": "zstd",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip": "gzip",
    "application/vnd.docker.image.rootfs.diff.tar.gzip": "gzip",
    "application/vnd.oci.image.config.v1+json": undefined,
    constructor: undefined,
  };
  for (const [mediaType, compression] of Object.entries(types)) {
    assertEquals(compressionOf(mediaType), compression);
  }
});
