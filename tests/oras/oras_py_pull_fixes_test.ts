/** What oras-py got wrong, or left out, about what is pulled. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { packTar } from "modern-tar";
import { ContentError, Digest } from "@gantry/oci/digest";
import { NotFoundError } from "@gantry/oci/distribution";
import { isIndex, MediaTypes } from "@gantry/oci/image";
import { LayerError } from "@gantry/oci/image/layer";
import { ArtifactError, createIndex } from "@gantry/oci/oras";
import { fixture } from "./_fixture.ts";

const UNPACK = "io.deis.oras.content.unpack";

Deno.test("a layer is unpacked where it says so, and stays an archive where it does not", async () => {
  await using setting = await fixture();
  const { folder, names, registry } = setting;
  const bytes = await packTar([{ header: { name: "x", size: 1 }, body: "x" }]);
  const gzipped = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream()
    .pipeThrough(new CompressionStream("gzip"));
  const content = await new Response(gzipped).bytes();
  const mediaType = MediaTypes.layerGzip;
  await registry.push("a/b", {
    files: [{ title: "deep/a.tgz", content, mediaType }],
  });
  const outdir = join(folder, "out");
  const paths = await registry.pull("a/b", { outdir });
  assertEquals(paths, [join(outdir, "deep/a.tgz")]);
  assertEquals(await names("out"), ["deep", "deep/a.tgz"]);
});

/** Entries by which an archive would reach out of its directory. */
const EVIL: Record<string, Parameters<typeof packTar>[0]> = {
  "a folder that begins alike": [
    { header: { name: "in/../in-evil/x", size: 1 }, body: "x" },
  ],
  "an absolute name": [{ header: { name: "/in/x", size: 1 }, body: "x" }],
  "a link and a file through it": [
    {
      header: { name: "in/l", size: 0, type: "symlink", linkname: "../../up" },
    },
    { header: { name: "in/l/x", size: 1 }, body: "x" },
  ],
  "a hard link": [
    {
      header: {
        name: "in/l",
        size: 0,
        type: "link",
        linkname: "/etc/hostname",
      },
    },
  ],
};

for (const [what, entries] of Object.entries(EVIL)) {
  Deno.test(`an archive cannot reach out of its directory by ${what}`, async () => {
    await using setting = await fixture();
    const { folder, names, registry } = setting;
    const content = await packTar(entries) as Uint8Array<ArrayBuffer>;
    await Deno.mkdir(join(folder, "up"));
    await registry.push("a/b", {
      files: [{
        title: "in",
        content,
        mediaType: MediaTypes.layer,
        annotations: { [UNPACK]: "true" },
      }],
    });
    await assertRejects(
      () => registry.pull("a/b", { outdir: join(folder, "out") }),
      LayerError,
    );
    const left = (await names()).filter((name) => name.endsWith("x"));
    assertEquals(left, []);
    assert(!(await names()).includes("in-evil"));
  });
}

Deno.test("wanted media types choose layers, and not the form of the manifest", async () => {
  await using setting = await fixture();
  const { folder: outdir, registry } = setting;
  const files = ["text/plain", "text/html"].map((mediaType) => ({
    title: mediaType.slice(5),
    content: mediaType,
    mediaType,
  }));
  await registry.push("a/b", { files });
  const paths = await registry.pull("a/b", {
    outdir,
    mediaTypes: ["text/html"],
  });
  assertEquals(paths, [join(outdir, "html")]);
});

Deno.test("content that is not what its digest says is refused, and leaves nothing", async () => {
  let path = "none";
  await using setting = await fixture((request, next) =>
    request.method === "GET" && request.url.includes(path)
      ? new Response('{"evil":1}')
      : next(request)
  );
  const { folder, names, registry } = setting;
  const { descriptor } = await registry.push("a/b:v1", {
    files: [{ title: "a", content: '{"good":1}' }],
  });
  const outdir = join(folder, "out");
  for (path of ["/blobs/", "/manifests/"]) {
    await assertRejects(
      () => registry.pull(`a/b@${descriptor.digest}`, { outdir }),
      ContentError,
    );
    assertEquals(await names(), ["out"]);
  }
});

Deno.test("a blob that is not there is an error, also that of no bytes", async () => {
  await using setting = await fixture();
  const { folder, names, registry } = setting;
  const blank = String(await Digest.fromString(""));
  const path = join(folder, "blank");
  await assertRejects(
    () => registry.downloadBlob("a/b", blank, { path }),
    NotFoundError,
  );
  assertEquals(await names(), []);
});

Deno.test("all of an index is pulled, or the platform that is asked for", async () => {
  await using setting = await fixture();
  const { folder, registry } = setting;
  for (const architecture of ["amd64", "arm64"]) {
    await registry.push(`a/b:${architecture}`, {
      files: [{ title: architecture, content: architecture }],
      artifactPlatform: { os: "linux", architecture },
    });
  }
  const repository = registry.repository("a/b");
  await createIndex(repository, ["amd64", "arm64"], { tags: ["all"] });
  assert(isIndex((await registry.getManifest("a/b:all")).value));

  const outdir = join(folder, "out");
  const all = await registry.pull("a/b:all", { outdir });
  assertEquals(all, ["amd64", "arm64"].map((name) => join(outdir, name)));
  const platform = { os: "linux", architecture: "arm64" };
  const one = await registry.pull("a/b:all", { outdir, platform });
  assertEquals(one, [join(outdir, "arm64")]);
  await assertRejects(
    () =>
      registry.pull("a/b:all", {
        outdir,
        platform: { os: "plan9", architecture: "mips" },
      }),
    ArtifactError,
  );
});
