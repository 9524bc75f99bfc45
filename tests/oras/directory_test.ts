import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { DigestMismatchError } from "@gantry/oci/digest";
import { DeniedError } from "@gantry/oci/distribution";
import type { Descriptor } from "@gantry/oci/image";
import { LayerError } from "@gantry/oci/image/layer";
import { packDirectory } from "@gantry/oci/image/layer/node";
import { PathError, Registry } from "@gantry/oci/oras";
import { compareTrees } from "../_support/compare_trees.ts";
import { type Fixture, fixture, pushByHand } from "./_fixture.ts";

const TITLE = "org.opencontainers.image.title";
const UNPACK = "io.deis.oras.content.unpack";
const UNPACKED_DIGEST = "io.deis.oras.content.digest";

async function tree({ folder, write }: Fixture): Promise<void> {
  await write({ "in/dir/x": "x", "in/dir/sub/y": "y", "in/dir/ü": "" });
  await Deno.mkdir(join(folder, "in/dir/empty"));
  await Deno.symlink("sub/y", join(folder, "in/dir/link"));
  await Deno.chmod(join(folder, "in/dir/x"), 0o755);
}

/** Has temporary files made in a folder of the fixture, until the end of the block. */
async function ownTemporaryFolder({ folder }: Fixture): Promise<Disposable> {
  const before = Deno.env.get("TMPDIR");
  await Deno.mkdir(join(folder, "tmp"));
  Deno.env.set("TMPDIR", join(folder, "tmp"));
  return {
    [Symbol.dispose]: () =>
      before === undefined
        ? Deno.env.delete("TMPDIR")
        : Deno.env.set("TMPDIR", before),
  };
}

Deno.test("push() and pull() carry a directory, under every spelling of its path", async () => {
  await using setting = await fixture();
  const { folder, registry } = setting;
  await tree(setting);
  const root = join(folder, "in");
  using _temporary = await ownTemporaryFolder(setting);
  for (const [at, path] of ["dir", "dir/", "./dir", "dir/sub/.."].entries()) {
    const { manifest } = await registry.push("a/b", { root, files: [path] });
    const [layer] = manifest.value.layers;
    assertEquals(
      layer?.mediaType,
      "application/vnd.oci.image.layer.v1.tar+gzip",
    );
    const { [TITLE]: title, [UNPACK]: unpack } = layer!.annotations!;
    assertEquals([title, unpack], ["dir", "true"]);
    const outdir = join(folder, `out${at}`);
    const { files } = await registry.pullArtifact("a/b", { outdir });
    assertEquals(
      files.map(({ path, unpacked }) => [path, unpacked]),
      [[join(outdir, "dir"), true]],
    );
    assertEquals(await compareTrees(root, outdir, ["dir"]), []);
  }
  assertEquals(await setting.names("tmp"), []);
});

Deno.test("push() and pull() carry the current directory, a link to one, and one with another title", async () => {
  await using setting = await fixture();
  const { folder, registry } = setting;
  await tree(setting);
  const inner = join(folder, "in/dir");
  await registry.push("a/here", { root: inner, files: ["."] });
  await registry.pull("a/here", { outdir: join(folder, "here") });
  const names = ["empty", "link", "sub", "x", "ü"];
  assertEquals(await compareTrees(inner, join(folder, "here"), names), []);

  await Deno.symlink("in/dir", join(folder, "linked"));
  await registry.push("a/linked", { root: folder, files: ["linked"] });
  await registry.pull("a/linked", { outdir: join(folder, "out") });
  assertEquals(
    await compareTrees(inner, join(folder, "out/linked"), names),
    [],
  );

  await registry.push("a/other", {
    root: folder,
    files: ["in/dir"],
    annotationFile: { "in/dir": { [TITLE]: "new/name" } },
  });
  await registry.pull("a/other", { outdir: join(folder, "other") });
  assertEquals(
    await compareTrees(inner, join(folder, "other/new/name"), names),
    [],
  );
});

Deno.test("push() makes the same bytes of the same files where it is reproducible", async () => {
  await using setting = await fixture();
  const { folder, registry } = setting;
  await tree(setting);
  const push = async (options: { sourceDateEpoch?: number }) =>
    (await registry.push("a/b", {
      root: join(folder, "in"),
      files: ["dir"],
      reproducible: true,
      ...options,
    })).descriptor.digest;
  const first = await push({});
  const dated = await push({ sourceDateEpoch: 1_000_000_000 });
  for (const name of ["x", "sub", "sub/y", "."]) {
    await Deno.utime(
      join(folder, "in/dir", name),
      1_500_000_000,
      1_600_000_000,
    );
  }
  assertEquals(await push({}), first);
  assertEquals(await push({ sourceDateEpoch: 1_000_000_000 }), dated);
});

Deno.test("pull() writes an archive as it is, where it is not marked exactly", async () => {
  await using setting = await fixture();
  const { folder, registry, names } = setting;
  await tree(setting);
  const root = join(folder, "in");
  for (const mark of ["false", "True", "1", ""]) {
    const annotationFile = { dir: { [UNPACK]: mark } };
    await registry.push("a/b", { root, files: ["dir"], annotationFile });
    await registry.pull("a/b", { outdir: join(folder, "out") });
    assertEquals(await names("out"), ["dir"]);
  }
});

Deno.test("pull() replaces files of a directory that exists, and leaves the others", async () => {
  await using setting = await fixture();
  const { folder, registry, names, read, write } = setting;
  await write({ "in/dir/x": "new", "out/dir/x": "old", "out/dir/own": "own" });
  await registry.push("a/b", { root: join(folder, "in"), files: ["dir"] });
  const outdir = join(folder, "out");
  const error = await assertRejects(
    () => registry.pull("a/b", { outdir, overwrite: false }),
    PathError,
  );
  assertEquals(error.code, "PATH_EXISTS");
  assertEquals(await read("out/dir/x"), "old");
  await registry.pull("a/b", { outdir });
  assertEquals(await read("out/dir/x"), "new");
  assertEquals(await names("out"), ["dir", "dir/own", "dir/x"]);
});

Deno.test("pull() unpacks nothing through a link that leads out", async () => {
  await using setting = await fixture();
  const { folder, registry, names, write } = setting;
  await write({ "in/a/dir/x": "evil", "outside/keep": "keep" });
  await registry.push("a/b", { root: join(folder, "in"), files: ["a/dir"] });
  await Deno.mkdir(join(folder, "out"));
  await Deno.symlink("../outside", join(folder, "out/a"));
  await assertRejects(
    () => registry.pull("a/b", { outdir: join(folder, "out") }),
    PathError,
    "leads out",
  );
  assertEquals(await names("outside"), ["keep"]);
});

/** Uploads a packed directory by hand, with these annotations. */
async function packByHand(
  { registry, folder }: Fixture,
  prefix: string,
  annotations: Record<string, string>,
): Promise<Descriptor> {
  const { stream } = packDirectory(join(folder, "in/dir"), { prefix });
  const content = await new Response(stream).bytes();
  const blob = await registry.uploadBlob("a/b", content, {
    mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
  });
  return { ...blob, annotations: { [UNPACK]: "true", ...annotations } };
}

Deno.test("pull() refuses an archive whose entries are not below its title", async () => {
  await using setting = await fixture();
  const { folder, registry, names } = setting;
  await tree(setting);
  for (const title of ["other", "dir/deeper"]) {
    const layer = await packByHand(setting, "dir", { [TITLE]: title });
    await pushByHand(setting, "a/b", [], { layers: [layer] });
    await assertRejects(
      () => registry.pull("a/b", { outdir: join(folder, "out") }),
      LayerError,
    );
    assertEquals((await names("out")).includes("dir/x"), false);
    await Deno.remove(join(folder, "out"), { recursive: true });
  }
});

Deno.test("pull() refuses an archive whose own digest is wrong", async () => {
  await using setting = await fixture();
  const { folder, registry, names } = setting;
  await tree(setting);
  const layer = await packByHand(setting, "dir", {
    [TITLE]: "dir",
    [UNPACKED_DIGEST]: `sha256:${"0".repeat(64)}`,
  });
  await pushByHand(setting, "a/b", [], { layers: [layer] });
  await assertRejects(
    () => registry.pull("a/b", { outdir: join(folder, "out") }),
    DigestMismatchError,
  );
  assertEquals(await names("out"), []);
});

Deno.test("pull() unpacks nothing of a blob that is not what it should be", async () => {
  let served: Uint8Array<ArrayBuffer> | undefined;
  await using setting = await fixture((request, next) =>
    served !== undefined && request.method === "GET" &&
      request.url.includes("/blobs/")
      ? new Response(served)
      : next(request)
  );
  const { folder, registry, names } = setting;
  await tree(setting);
  const { stream } = packDirectory(join(folder, "in/dir"), { prefix: "dir" });
  const good = await new Response(stream).bytes();
  const layer = await packByHand(setting, "dir", { [TITLE]: "dir" });
  await pushByHand(setting, "a/b", [], { layers: [layer] });
  // Valid to whoever reads only the archive: the header's time is another one.
  const touched = good.slice();
  touched[4] = touched[4]! ^ 1;
  const cases = {
    "another header": touched,
    "cut off": good.slice(0, -9),
    "with more behind": Uint8Array.from([...good, 0, 0, 0]),
  };
  for (const [what, bytes] of Object.entries(cases)) {
    served = bytes;
    await assertRejects(
      () => registry.pull("a/b", { outdir: join(folder, "out") }),
      Error,
      undefined,
      what,
    );
    assertEquals(await names("out"), [], what);
  }
});

Deno.test("push() refuses a directory whose name cannot stand in an archive", async () => {
  await using setting = await fixture();
  const { folder, registry } = setting;
  await tree(setting);
  const root = join(folder, "in/dir/sub");
  const error = await assertRejects(
    () => registry.push("a/b", { root, files: ["../../dir"] }),
    PathError,
  );
  assertEquals(error.code, "PATH_TRAVERSAL");
  await assertRejects(
    () =>
      registry.push("a/b", {
        files: [join(folder, "in/dir")],
        disablePathValidation: true,
      }),
    PathError,
  );
});

Deno.test("push() names a directory's archive after the title that a provider gives", async () => {
  class Suffixed extends Registry {
    protected override nameLayer(): string {
      return "elsewhere";
    }
  }
  await using setting = await fixture();
  const { folder, options, read } = setting;
  await tree(setting);
  const registry = new Suffixed(options);
  await registry.push("a/b", { root: join(folder, "in"), files: ["dir"] });
  await registry.pull("a/b", { outdir: join(folder, "out") });
  assertEquals(await read("out/elsewhere/x"), "x");
});

Deno.test("push() removes its temporary files where it fails or is aborted", async () => {
  await using setting = await fixture((request, next) =>
    request.method === "POST"
      ? new Response(null, { status: 403 })
      : next(request)
  );
  const { folder, registry, names } = setting;
  await tree(setting);
  using _temporary = await ownTemporaryFolder(setting);
  const options = { root: join(folder, "in"), files: ["dir"] };
  await assertRejects(() => registry.push("a/b", options), DeniedError);
  assertEquals(await names("tmp"), []);

  const reason = new Error("enough");
  const controller = new AbortController();
  const thrown = await assertRejects(() =>
    registry.push("a/b", {
      ...options,
      signal: controller.signal,
      onProgress: ({ phase }) => {
        if (phase === "preparing") controller.abort(reason);
      },
    })
  );
  assertEquals(thrown, reason);
  assertEquals(await names("tmp"), []);
});
