import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  fromHandler,
  RegistryClient,
  toSource,
} from "@gantry/oci/distribution";
import { createRegistry } from "@gantry/oci/distribution/server";
import {
  encodeJson,
  type Manifest,
  MediaTypes,
  parseManifest,
} from "@gantry/oci/image";
import {
  ArtifactError,
  copy,
  DockerArchive,
  isNotFound,
  LayoutArchive,
  type ManifestFetcher,
  MemoryStore,
  packDockerArchive,
  packLayout,
  StoreError,
} from "@gantry/oci/oras";
import {
  LayoutStore,
  openArchive,
  withSpool,
  writeArchive,
} from "@gantry/oci/oras/node";
import { found } from "../../_support/programs.ts";
import { blob, document, fill, multiPlatform, referrer } from "./_graphs.ts";
import { TarIndex } from "../../../oras/stores/_tar_index.ts";
import { realImage, realLayer } from "./_layers.ts";
import { EMPTY } from "./_suite.ts";
import { zstdBomb } from "../../image/layer/_tar_blocks.ts";

async function withFolder(
  run: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "gantry-archive-" });
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function program(name: string, ...args: string[]): Promise<string> {
  const { stderr, stdout, success } = await new Deno.Command(name, { args })
    .output();
  assert(
    success,
    `${name} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`,
  );
  return new TextDecoder().decode(stdout).trim();
}

function bytesOf(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Response(stream).bytes();
}

Deno.test("LayoutArchive gives back what packLayout() took", async () => {
  const pieces = await multiPlatform();
  const { descriptor } = pieces.at(-1)!;
  const note = await referrer(descriptor, "application/vnd.example.note");
  const store = new MemoryStore();
  await fill(store, [EMPTY, ...pieces, note]);
  const entries = [
    { descriptor, tag: "v1" },
    { descriptor, tag: "registry.example/team/app:v2" },
    { descriptor: note.descriptor },
  ];
  const bytes = await bytesOf(packLayout(store, entries));
  assertEquals(await bytesOf(packLayout(store, entries)), bytes);
  const archive = await LayoutArchive.open(toSource(bytes));
  for (const piece of [EMPTY, ...pieces, note]) {
    assert(await archive.exists(piece.descriptor));
    assertEquals(
      await bytesOf(await archive.fetch(piece.descriptor)),
      piece.bytes,
    );
    const rest = await archive.fetch(piece.descriptor, { offset: 1 });
    assertEquals(await bytesOf(rest), piece.bytes.slice(1));
  }
  for (const reference of ["v1", "v2", descriptor.digest]) {
    assertEquals(await archive.resolve(reference), descriptor);
  }
  const child = pieces[3]!.descriptor;
  assertEquals(await archive.resolve(child.digest), child);
  assertEquals(
    await Array.fromAsync(archive.listTags()),
    ["registry.example/team/app:v2", "v1"],
  );
  const referrers = await Array.fromAsync(archive.listReferrers(descriptor));
  assertEquals(referrers.map(({ digest }) => digest), [note.descriptor.digest]);
  const absent = (await blob("absent")).descriptor;
  assertEquals(await archive.exists(absent), false);
  assert(isNotFound(await assertRejects(() => archive.fetch(absent))));
  assert(isNotFound(await assertRejects(() => archive.resolve("v3"))));
  assert(isNotFound(await assertRejects(() => archive.resolve(absent.digest))));
  const target = new MemoryStore();
  await copy(archive, "v1", target, "v1", { recursive: true });
  assert(await target.exists(note.descriptor));
});

Deno.test("LayoutArchive resolves neither blobs nor digests that cannot be", async () => {
  const store = new MemoryStore();
  const pieces = await multiPlatform();
  await fill(store, pieces);
  const { descriptor } = pieces.at(-1)!;
  const bytes = await bytesOf(packLayout(store, [{ descriptor }]));
  const archive = await LayoutArchive.open(toSource(bytes));
  const [layer, , config] = pieces;
  for (
    const reference of [
      layer!.descriptor.digest,
      config!.descriptor.digest,
      `sha256:${"a".repeat(32)}`,
      `other:${"a".repeat(64)}`,
    ]
  ) {
    assert(isNotFound(await assertRejects(() => archive.resolve(reference))));
    const unknown = { ...descriptor, digest: `other:${"a".repeat(64)}` };
    assertEquals(await archive.exists(unknown), false);
    assert(isNotFound(await assertRejects(() => archive.fetch(unknown))));
  }
});

Deno.test("LayoutArchive lists referrers for one who waits, though another who asked first gives up", async () => {
  const store = new MemoryStore();
  const pieces = await multiPlatform();
  const { descriptor } = pieces.at(-1)!;
  const note = await referrer(descriptor, "application/vnd.example.note");
  await fill(store, [EMPTY, ...pieces, note]);
  const entries = [{ descriptor }, { descriptor: note.descriptor }];
  const bytes = await bytesOf(packLayout(store, entries));
  const archive = await LayoutArchive.open(toSource(bytes));
  const controller = new AbortController();
  const list = (signal?: AbortSignal) =>
    Array.fromAsync(archive.listReferrers(descriptor, { signal }));
  const first = list(controller.signal);
  const second = list();
  const reason = new Error("enough");
  controller.abort(reason);
  assertEquals(await assertRejects(() => first), reason);
  assertEquals((await second).map(({ digest }) => digest), [
    note.descriptor.digest,
  ]);
});

Deno.test("LayoutArchive refuses what is no archive, and content that is damaged", async () => {
  const store = new MemoryStore();
  const pieces = await multiPlatform();
  await fill(store, pieces);
  const { descriptor } = pieces.at(-1)!;
  const bytes = await bytesOf(packLayout(store, [{ descriptor, tag: "v1" }]));
  const broken: [string, Uint8Array<ArrayBuffer>][] = [
    ["nothing", new Uint8Array()],
    ["zeros", new Uint8Array(10240)],
    ["text", new TextEncoder().encode("hello ".repeat(1000))],
    ["cut in a header", bytes.slice(0, 700)],
    ["cut in content", bytes.slice(0, bytes.byteLength - 2000)],
  ];
  for (const [what, content] of broken) {
    const error = await assertRejects(
      () => LayoutArchive.open(toSource(content)),
      StoreError,
    );
    assertEquals(error.code, "STORE_INVALID", what);
  }
  const changed = bytes.slice();
  const layer = new TextEncoder().encode("layer for amd64");
  const at = changed.findIndex((_, index) =>
    layer.every((byte, offset) => changed[index + offset] === byte)
  );
  changed[at] = 0x4c;
  const archive = await LayoutArchive.open(toSource(changed));
  const stream = await archive.fetch(pieces[1]!.descriptor);
  await assertRejects(() => bytesOf(stream));
});

Deno.test("packLayout() fails where content is missing or damaged", async () => {
  const pieces = await multiPlatform();
  const store = new MemoryStore();
  await fill(store, pieces);
  await store.delete(pieces[0]!.descriptor);
  const { descriptor } = pieces.at(-1)!;
  const error = await assertRejects(() =>
    bytesOf(packLayout(store, [{ descriptor }]))
  );
  assert(isNotFound(error), String(error));
  await withFolder(async (folder) => {
    await assertRejects(() =>
      writeArchive(`${folder}/a.tar`, packLayout(store, [{ descriptor }]))
    );
    assertEquals(await Array.fromAsync(Deno.readDir(folder)), []);
  });
});

Deno.test("packLayout() leaves what a lone referrer is about where it is missing", async () => {
  const { descriptor } = (await multiPlatform()).at(-1)!;
  const note = await referrer(descriptor, "application/vnd.example.note");
  const store = new MemoryStore();
  await fill(store, [EMPTY, note]);
  const tar = packLayout(store, [{ descriptor: note.descriptor, tag: "note" }]);
  const archive = await LayoutArchive.open(toSource(await bytesOf(tar)));
  assert(await archive.exists(note.descriptor));
  assertEquals(await archive.exists(descriptor), false);
});

/** A layout on disk with an image that tools can look into. */
async function makeLayout(folder: string): Promise<LayoutStore> {
  const store = new LayoutStore(folder);
  const pieces = await realImage();
  await fill(store, pieces);
  await store.tag(pieces.at(-1)!.descriptor, "v1");
  return store;
}

for (
  const [name, ...args] of [
    ["GNU tar", "--format=gnu", "-cf"],
    ["PAX", "--format=posix", "-cf"],
    ["gzip", "-czf"],
    ["zstd", "--zstd", "-cf"],
  ] as const
) {
  Deno.test({
    name: `openArchive() reads what tar packed: ${name}`,
    ignore: !found("tar") || name === "zstd" && !found("zstd"),
    fn: () =>
      withFolder(async (folder) => {
        const layout = await makeLayout(`${folder}/layout`);
        const file = `${folder}/archive`;
        await program("tar", ...args, file, "-C", `${folder}/layout`, ".");
        await using archive = await openArchive(file);
        const target = new MemoryStore();
        await copy(archive.store, "v1", target);
        assertEquals(await target.resolve("v1"), await layout.resolve("v1"));
      }),
  });
}

Deno.test("openArchive() refuses a file that is neither kind", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/text`, "hello ".repeat(1000));
    await assertRejects(() => openArchive(`${folder}/text`), StoreError);
    await Deno.writeFile(`${folder}/gz`, new Uint8Array([0x1f, 0x8b, 8, 0, 1]));
    await assertRejects(() => openArchive(`${folder}/gz`));
  });
});

Deno.test("openArchive() lets itself be stopped while little unpacks to much", async () => {
  await withFolder(async (folder) => {
    await Deno.writeFile(`${folder}/bomb`, zstdBomb());
    const reason = new RangeError("enough");
    const stop = new AbortController();
    const { signal } = stop;
    const timer = setTimeout(() => stop.abort(reason), 300);
    const error = await assertRejects(() =>
      openArchive(`${folder}/bomb`, { signal })
    );
    clearTimeout(timer);
    assertEquals(error, reason);
  });
});

Deno.test({
  name: "oras reads what packLayout() made",
  ignore: !found("oras"),
  fn: () =>
    withFolder(async (folder) => {
      const store = await makeLayout(`${folder}/layout`);
      const descriptor = await store.resolve("v1");
      const entries = [{ descriptor, tag: "v1" }];
      await writeArchive(`${folder}/ours.tar`, packLayout(store, entries));
      const digest = await program(
        "oras",
        ...["resolve", "--oci-layout", `${folder}/ours.tar:v1`],
      );
      assertEquals(digest, descriptor.digest);
      await program(
        "oras",
        ...["cp", "--from-oci-layout", "--to-oci-layout"],
        ...[`${folder}/ours.tar:v1`, `${folder}/copy:v1`],
      );
    }),
});

Deno.test({
  name: "LayoutArchive reads skopeo's oci-archive, and skopeo ours",
  ignore: !found("skopeo"),
  fn: () =>
    withFolder(async (folder) => {
      const store = await makeLayout(`${folder}/layout`);
      const descriptor = await store.resolve("v1");
      const entries = [{ descriptor, tag: "v1" }];
      await writeArchive(`${folder}/ours.tar`, packLayout(store, entries));
      await program(
        "skopeo",
        ...["copy", "--insecure-policy", "--quiet"],
        ...[
          `oci-archive:${folder}/ours.tar:v1`,
          `oci-archive:${folder}/theirs.tar:v2`,
        ],
      );
      await using theirs = await openArchive(`${folder}/theirs.tar`);
      assertEquals(await theirs.store.resolve("v2"), descriptor);
      await copy(theirs.store, "v2", new MemoryStore());
    }),
});

async function realStore(): Promise<MemoryStore> {
  const store = new MemoryStore();
  const pieces = await realImage();
  await fill(store, pieces);
  await store.tag(pieces.at(-1)!.descriptor, "v1");
  return store;
}

for (const format of ["oci", "docker"] as const) {
  Deno.test(`packDockerArchive() makes the same ${format} archive each time, which gives the image back`, async () => {
    const store = await realStore();
    const descriptor = await store.resolve("v1");
    const images = [{ descriptor, names: ["team/app:v1", "team/app:latest"] }];
    const bytes = await bytesOf(packDockerArchive(store, images, { format }));
    const again = await withSpool((spool) =>
      bytesOf(packDockerArchive(store, images, { format, spool }))
    );
    assertEquals(again, bytes);
    const archive = await DockerArchive.open(toSource(bytes));
    assertEquals(
      await Array.fromAsync(archive.listTags()),
      ["team/app:latest", "team/app:v1"],
    );
    const registry = createRegistry();
    const transport = fromHandler(registry.fetch);
    const target = new RegistryClient("registry.example", { transport })
      .repository("team/app");
    const { value } = await manifestOf(store, "v1");
    for (
      const reference of [
        "team/app:v1",
        "docker.io/team/app:v1",
        "v1",
        value.config.digest,
      ]
    ) {
      await copy(archive, reference, target, "v1");
    }
    const { value: pushed } = await manifestOf(target, "v1");
    assertEquals(pushed.config.digest, value.config.digest);
    assertEquals(pushed.mediaType, MediaTypes.manifest);
    for (const layer of pushed.layers) {
      assertEquals(layer.mediaType, MediaTypes.layerGzip);
      assert(await target.exists(layer));
    }
    const layout = format === "oci" &&
      await LayoutArchive.open(toSource(bytes));
    if (layout) {
      for (const name of ["team/app:v1", "docker.io/team/app:v1", "v1"]) {
        assertEquals(await layout.resolve(name), descriptor);
      }
    }
  });
}

for (const format of ["oci", "docker"] as const) {
  Deno.test(`packDockerArchive() lists an image that is called as what every object has, in ${format} form`, async () => {
    const store = await realStore();
    const descriptor = await store.resolve("v1");
    const names = ["constructor:v1", "__proto__:v1"];
    const images = [{ descriptor, names }];
    const tar = packDockerArchive(store, images, { format });
    const index = await TarIndex.read(toSource(await bytesOf(tar)), {});
    const list = await index.find("repositories")!.open();
    const { value } = JSON.parse(
      await new Response(list).text(),
      // `JSON.parse` makes both keys the object's own.
      (key, value) => key === "" ? { value: Object.entries(value) } : value,
    );
    assertEquals(
      value.map(([name, tags]: [string, object]) => [name, Object.keys(tags)]),
      [["constructor", ["v1"]], ["__proto__", ["v1"]]],
    );
    assertEquals(Object.hasOwn(Object, "v1"), false);
  });
}

for (const [what, count] of [["fewer", 1], ["more", 3]] as const) {
  Deno.test(`packDockerArchive() refuses an image whose config tells of ${what} layers`, async () => {
    const store = new MemoryStore();
    const layers = [await realLayer("a", "1"), await realLayer("b", "2")];
    const ids = [...layers, ...layers].map(({ diffId }) => diffId);
    const rootfs = { type: "layers", diff_ids: ids.slice(0, count) };
    const config = { architecture: "amd64", os: "linux", rootfs };
    const configPiece = await blob(JSON.stringify(config), MediaTypes.config);
    const manifest = await document({
      schemaVersion: 2,
      mediaType: MediaTypes.manifest,
      config: configPiece.descriptor,
      layers: layers.map(({ descriptor }) => descriptor),
    });
    await fill(store, [...layers, configPiece, manifest]);
    const images = [{ descriptor: manifest.descriptor, names: ["app:v1"] }];
    const tar = packDockerArchive(store, images, { format: "docker" });
    const error = await assertRejects(() => bytesOf(tar), ArtifactError);
    assertEquals(error.code, "ARTIFACT_UNSUPPORTED");
  });
}

Deno.test("DockerArchive gives layers as they are on wish", async () => {
  const store = await realStore();
  const images = [{ descriptor: await store.resolve("v1"), names: ["a/b:c"] }];
  const tar = packDockerArchive(store, images, { format: "docker" });
  const source = toSource(await bytesOf(tar));
  const archive = await DockerArchive.open(source, { compression: "none" });
  const target = new MemoryStore();
  await copy(archive, "a/b:c", target, "c");
  const { value } = await manifestOf(target, "c");
  assertEquals(value.mediaType, MediaTypes.manifest);
  const config = await bytesOf(await target.fetch(value.config));
  const { rootfs } = JSON.parse(new TextDecoder().decode(config));
  assertEquals(value.layers.map(({ digest }) => digest), rootfs.diff_ids);
});

Deno.test("DockerArchive sees how layers are compressed, however small the pieces are", async () => {
  const store = await realStore();
  const images = [{ descriptor: await store.resolve("v1"), names: ["a/b:c"] }];
  const bytes = await bytesOf(packDockerArchive(store, images));
  const archive = await DockerArchive.open({
    size: bytes.byteLength,
    open: (offset = 0) =>
      Promise.resolve(ReadableStream.from(function* () {
        for (let at = offset; at < bytes.byteLength; at++) {
          yield bytes.slice(at, at + 1);
        }
      }())),
  });
  const [made, original] = await Promise.all([
    manifestOf(archive, "c"),
    manifestOf(store, "v1"),
  ]);
  assertEquals(made.value.layers, original.value.layers);
});

Deno.test("DockerArchive resolves for one who waits, though another who asked first gives up", async () => {
  const store = await realStore();
  const images = [{ descriptor: await store.resolve("v1"), names: ["a/b:c"] }];
  const tar = packDockerArchive(store, images, { format: "docker" });
  const archive = await DockerArchive.open(toSource(await bytesOf(tar)));
  const controller = new AbortController();
  const reason = new Error("enough");
  const first = archive.resolve("c", { signal: controller.signal });
  const second = archive.resolve("c");
  controller.abort(reason);
  assertEquals(await assertRejects(() => first), reason);
  assertEquals(await second, await archive.resolve("a/b:c"));
});

Deno.test("DockerArchive refuses layers that are not what the config says", async () => {
  const store = new MemoryStore();
  const pieces = await realImage();
  const other = await realImage();
  const [first, second, config] = pieces;
  const manifest = await document({
    schemaVersion: 2,
    mediaType: MediaTypes.manifest,
    config: config!.descriptor,
    layers: [second!.descriptor, first!.descriptor],
  });
  await fill(store, [...other.slice(0, 3), manifest]);
  const images = [{ descriptor: manifest.descriptor, names: ["a/b:c"] }];
  await assertRejects(() =>
    bytesOf(packDockerArchive(store, images, { format: "docker" }))
  );
  const tar = await bytesOf(packDockerArchive(store, images));
  const archive = await DockerArchive.open(toSource(tar));
  await assertRejects(() => archive.resolve("a/b:c"));
});

Deno.test("DockerArchive follows the links that docker once wrote for equal layers", async () => {
  await withFolder(async (folder) => {
    const store = await realStore();
    const descriptor = await store.resolve("v1");
    const images = [{ descriptor, names: ["a/b:c"] }];
    const tar = packDockerArchive(store, images, { format: "docker" });
    await writeArchive(`${folder}/docker.tar`, tar);
    await Deno.mkdir(`${folder}/x`);
    await program("tar", "-xf", `${folder}/docker.tar`, "-C", `${folder}/x`);
    const list = JSON.parse(
      await Deno.readTextFile(`${folder}/x/manifest.json`),
    );
    const [layer] = list[0].Layers;
    await Deno.mkdir(`${folder}/x/other`);
    await Deno.rename(`${folder}/x/${layer}`, `${folder}/x/other/layer.tar`);
    await Deno.symlink("../other/layer.tar", `${folder}/x/${layer}`);
    await program(
      "tar",
      "-cf",
      `${folder}/links.tar`,
      "-C",
      `${folder}/x`,
      ".",
    );
    await using archive = await openArchive(`${folder}/links.tar`);
    const target = new MemoryStore();
    await copy(archive.store, "a/b:c", target, "c");
    assert(await target.exists(await target.resolve("c")));
  });
});

for (const format of ["oci", "docker"] as const) {
  Deno.test({
    name:
      `skopeo reads our ${format} archive as docker's, and we read skopeo's`,
    ignore: !found("skopeo"),
    fn: () =>
      withFolder(async (folder) => {
        const store = await realStore();
        const descriptor = await store.resolve("v1");
        const images = [{ descriptor, names: ["team/app:v1"] }];
        const tar = packDockerArchive(store, images, { format });
        await writeArchive(`${folder}/ours.tar`, tar);
        const config = await program(
          "skopeo",
          ...["inspect", "--config", "--raw"],
          `docker-archive:${folder}/ours.tar:team/app:v1`,
        );
        const { value } = await manifestOf(store, "v1");
        const raw = await bytesOf(await store.fetch(value.config));
        assertEquals(config, new TextDecoder().decode(raw));
        await program(
          "skopeo",
          ...["copy", "--insecure-policy", "--quiet"],
          `docker-archive:${folder}/ours.tar:team/app:v1`,
          `docker-archive:${folder}/theirs.tar:team/app:v2`,
        );
        await using theirs = await openArchive(`${folder}/theirs.tar`);
        assert(theirs.store instanceof DockerArchive);
        const names = await Array.fromAsync(theirs.store.listTags());
        assertEquals(names, ["docker.io/team/app:v2"]);
        const target = new LayoutStore(`${folder}/layout`);
        await copy(theirs.store, "team/app:v2", target, "v2");
        await program(
          "skopeo",
          ...["copy", "--insecure-policy", "--quiet"],
          ...[`oci:${folder}/layout:v2`, `dir:${folder}/dir`],
        );
      }),
  });
}

Deno.test("packDockerArchive() takes the image of an index for a platform", async () => {
  const pieces = await realImage();
  const image = pieces.at(-1)!.descriptor;
  const index = await document({
    schemaVersion: 2,
    mediaType: MediaTypes.index,
    manifests: [{
      ...image,
      platform: { architecture: "riscv64", os: "linux" },
    }],
  });
  const store = new MemoryStore();
  await fill(store, [...pieces, index]);
  const images = [{ descriptor: index.descriptor, names: ["a/b:c"] }];
  const platform = { architecture: "riscv64", os: "linux" };
  await bytesOf(packDockerArchive(store, images, { platform }));
  await assertRejects(() =>
    bytesOf(packDockerArchive(store, images, {
      platform: { architecture: "mips", os: "linux" },
    }))
  );
});

Deno.test("DockerArchive refuses a manifest.json that is none", async () => {
  for (
    const value of [{}, [{}], [{ Config: "a", Layers: null }, 1], [{
      Config: "a",
      Layers: [1],
    }]]
  ) {
    const store = new MemoryStore();
    const tar = packLayout(store, [], {
      files: { "manifest.json": encodeJson(value) },
    });
    const source = toSource(await bytesOf(tar));
    const error = await assertRejects(
      () => DockerArchive.open(source),
      StoreError,
    );
    assertEquals(error.code, "STORE_INVALID");
  }
});

async function manifestOf(
  store: ManifestFetcher,
  reference: string,
): Promise<{ value: Manifest }> {
  const { bytes } = await store.fetchManifest(reference);
  return { value: parseManifest(bytes) as Manifest };
}
