import { assert, assertEquals, assertRejects } from "@std/assert";
import { fileURLToPath } from "node:url";
import { encodeJson, imageIndex } from "@gantry/oci/image";
import {
  copy,
  isNotFound,
  MemoryStore,
  PathError,
  StoreError,
} from "@gantry/oci/oras";
import { LayoutStore } from "@gantry/oci/oras/node";
import { openHttpRegistry } from "../../_support/http_registry.ts";
import { found } from "../../_support/programs.ts";
import { fill, image, multiPlatform, referrer } from "./_graphs.ts";
import { realImage } from "./_layers.ts";
import { EMPTY } from "./_suite.ts";

const PLATFORM = { architecture: "amd64", os: "linux" };

async function withFolder(
  run: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "gantry-layout-" });
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function program(name: string, ...args: string[]): Promise<string> {
  const { stderr, stdout, success } = await new Deno.Command(name, { args })
    .output();
  const text = new TextDecoder().decode(stdout);
  assert(
    success,
    `${name} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`,
  );
  return text.trim();
}

async function namesIn(store: LayoutStore): Promise<(string | undefined)[]> {
  return (await store.entries()).map(({ annotations }) =>
    annotations?.["org.opencontainers.image.ref.name"]
  );
}

Deno.test("LayoutStore lists roots and referrers, and not what an index points at", async () => {
  await withFolder(async (folder) => {
    const store = new LayoutStore(folder);
    const pieces = await multiPlatform();
    const { descriptor } = pieces.at(-1)!;
    const note = await referrer(descriptor, "application/vnd.example.note");
    await fill(store, [EMPTY, ...pieces, note]);
    const digests = (await store.entries()).map(({ digest }) => digest);
    assertEquals(digests, [descriptor.digest, note.descriptor.digest]);
    await store.tag(descriptor, "v1");
    assertEquals(await namesIn(store), [undefined, "v1"]);
    const marker = await Deno.readTextFile(`${folder}/oci-layout`);
    assertEquals(marker, '{"imageLayoutVersion":"1.0.0"}');
  });
});

Deno.test("LayoutStore keeps what an index.json holds beside its own entries", async () => {
  await withFolder(async (folder) => {
    const pieces = await image(PLATFORM, ["x"]);
    const { descriptor } = pieces.at(-1)!;
    const store = new LayoutStore(folder);
    await fill(store, pieces);
    const index = {
      ...imageIndex([{
        ...descriptor,
        platform: PLATFORM,
        annotations: { "org.opencontainers.image.ref.name": "old", mine: "1" },
      }]),
      "x-note": "kept",
    };
    await Deno.writeFile(`${folder}/index.json`, encodeJson(index));
    await new LayoutStore(folder).tag(descriptor, "new");
    const value = JSON.parse(await Deno.readTextFile(`${folder}/index.json`));
    assertEquals(value["x-note"], "kept");
    assertEquals(value.manifests[0].annotations.mine, "1");
    assertEquals(await namesIn(store), ["old", "new"]);
  });
});

Deno.test("LayoutStore finds names that other tools write in full", async () => {
  await withFolder(async (folder) => {
    const store = new LayoutStore(folder);
    const [one, two] = [
      await image(PLATFORM, ["x"]),
      await image(PLATFORM, ["y"]),
    ];
    await fill(store, [...one, ...two]);
    const [first, second] = [one.at(-1)!.descriptor, two.at(-1)!.descriptor];
    const entry = (
      digest: typeof first,
      annotations: Record<string, string>,
    ) => ({
      ...digest,
      annotations,
    });
    const name = "org.opencontainers.image.ref.name";
    await Deno.writeFile(
      `${folder}/index.json`,
      encodeJson(imageIndex([
        entry(first, { [name]: "registry.example/team/app:v1" }),
        entry(second, {
          [name]: "v2",
          "io.containerd.image.name": "docker.io/library/other:v2",
        }),
        entry(first, { [name]: "registry.example/team/app:both" }),
        entry(second, { [name]: "registry.example/team/other:both" }),
      ])),
    );
    const other = new LayoutStore(folder);
    for (
      const [reference, digest] of [
        ["v1", first.digest],
        ["registry.example/team/app:v1", first.digest],
        ["v2", second.digest],
        ["docker.io/library/other:v2", second.digest],
        ["registry.example/team/other:both", second.digest],
      ] as const
    ) {
      assertEquals((await other.resolve(reference)).digest, digest);
    }
    assert(isNotFound(await assertRejects(() => other.resolve("both"))));
    assert(isNotFound(await assertRejects(() => other.resolve("app"))));
  });
});

Deno.test("LayoutStore replaces a blob that was cut short", async () => {
  await withFolder(async (folder) => {
    const store = new LayoutStore(folder);
    const pieces = await image(PLATFORM, ["a layer"]);
    const source = new MemoryStore();
    await fill(source, pieces);
    await source.tag(pieces.at(-1)!.descriptor, "v1");
    await copy(source, "v1", store);
    const { descriptor } = pieces[0]!;
    const path = `${folder}/blobs/sha256/${descriptor.digest.slice(7)}`;
    await Deno.remove(path);
    await Deno.writeTextFile(path, "a la");
    assertEquals(await store.exists(descriptor), false);
    const { copied } = await copy(source, "v1", store, "v1", { heal: true });
    assertEquals(copied, 1);
    assertEquals(await Deno.readTextFile(path), "a layer");
  });
});

Deno.test("LayoutStore refuses what is damaged or of an unknown version", async () => {
  await withFolder(async (folder) => {
    const missing = await assertRejects(
      () => new LayoutStore(`${folder}/none`).resolve("v1"),
      StoreError,
    );
    assertEquals(missing.code, "STORE_NOT_FOUND");
    await fill(new LayoutStore(folder), await image(PLATFORM, ["x"]));
    await Deno.writeTextFile(
      `${folder}/oci-layout`,
      '{"imageLayoutVersion":"2.0.0"}',
    );
    const version = await assertRejects(
      () => new LayoutStore(folder).resolve("v1"),
      StoreError,
    );
    assertEquals(version.code, "STORE_INVALID");
    await Deno.writeTextFile(
      `${folder}/oci-layout`,
      '{"imageLayoutVersion":"1.0.0"}',
    );
    await Deno.writeTextFile(`${folder}/index.json`, "[]");
    const index = await assertRejects(
      () => new LayoutStore(folder).resolve("v1"),
      StoreError,
    );
    assertEquals(index.code, "STORE_INVALID");
    assert(index.message.includes(folder), index.message);
  });
});

Deno.test("LayoutStore leaves nothing beside the blobs", async () => {
  await withFolder(async (folder) => {
    const store = new LayoutStore(folder);
    const pieces = await multiPlatform();
    await fill(store, pieces);
    await store.tag(pieces.at(-1)!.descriptor, "v1");
    const names: string[] = [];
    for await (const { name } of Deno.readDir(folder)) names.push(name);
    assertEquals(names.sort(), ["blobs", "index.json", "oci-layout"]);
    for await (const { name } of Deno.readDir(`${folder}/blobs/sha256`)) {
      assert(/^[0-9a-f]{64}$/.test(name), name);
      if (Deno.build.os === "windows") continue;
      const { mode } = await Deno.stat(`${folder}/blobs/sha256/${name}`);
      assertEquals(mode! & 0o777, 0o444);
    }
  });
});

Deno.test("LayoutStore tells of a directory that cannot be made", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    const store = new LayoutStore(`${folder}/file/layout`);
    await assertRejects(
      async () => await fill(store, await image(PLATFORM, ["x"])),
      PathError,
    );
  });
});

Deno.test("LayoutStore keeps the tags of several processes that write at once", async () => {
  await withFolder(async (folder) => {
    const file = new URL("./_layout_writer.ts", import.meta.url);
    const writers = ["a", "b", "c"].map((name) =>
      program(
        Deno.execPath(),
        ...["run", "-A", "--quiet", fileURLToPath(file), folder, name],
      )
    );
    await Promise.all(writers);
    const tags = await Array.fromAsync(new LayoutStore(folder).listTags());
    assertEquals(
      tags,
      ["a", "b", "c"].flatMap((name) =>
        Array.from({ length: 10 }, (_, index) => `${name}${index}`)
      ),
    );
  });
});

Deno.test("collectGarbage() removes what no entry leads to, when it is old enough", async () => {
  await withFolder(async (folder) => {
    const store = new LayoutStore(folder);
    const pieces = await multiPlatform();
    const old = await image(PLATFORM, ["old"]);
    const { descriptor } = pieces.at(-1)!;
    const note = await referrer(descriptor, "application/vnd.example.note");
    await fill(store, [EMPTY, ...pieces, note, ...old]);
    await store.tag(descriptor, "v1");
    await store.delete(old.at(-1)!.descriptor);
    await Deno.writeTextFile(`${folder}/blobs/sha256/.gantry-left`, "half");
    assertEquals((await store.collectGarbage()).deleted, []);
    const { bytes, deleted } = await store.collectGarbage({ minAge: 0 });
    // The config is one that an image has which stays.
    const gone = old.slice(0, 2).map(({ descriptor }) => descriptor);
    assertEquals(
      [...deleted].sort(),
      gone.map(({ digest }) => digest).sort(),
    );
    assertEquals(bytes, gone.reduce((sum, { size }) => sum + size, 4));
    for (const piece of [EMPTY, ...pieces, note]) {
      assert(await store.exists(piece.descriptor));
    }
  });
});

Deno.test("collectGarbage() removes nothing where a manifest is damaged", async () => {
  await withFolder(async (folder) => {
    const store = new LayoutStore(folder);
    const pieces = await image(PLATFORM, ["x"]);
    await fill(store, pieces);
    const { digest, size } = pieces.at(-1)!.descriptor;
    const path = `${folder}/blobs/sha256/${digest.slice(7)}`;
    await Deno.remove(path);
    await Deno.writeTextFile(path, " ".repeat(size));
    await assertRejects(() => store.collectGarbage({ minAge: 0 }));
    assert(await store.exists(pieces[0]!.descriptor));
  });
});

/** Makes a layout with our store, which others read. */
async function makeLayout(folder: string): Promise<LayoutStore> {
  const store = new LayoutStore(folder);
  const pieces = await realImage();
  await fill(store, pieces);
  await store.tag(pieces.at(-1)!.descriptor, "v1");
  return store;
}

Deno.test({
  name: "LayoutStore reads what skopeo wrote, and skopeo what it wrote",
  ignore: !found("skopeo"),
  fn: () =>
    withFolder(async (folder) => {
      const ours = await makeLayout(`${folder}/ours`);
      await program(
        "skopeo",
        ...["copy", "--insecure-policy", "--quiet"],
        ...[`oci:${folder}/ours:v1`, `oci:${folder}/theirs:example.com/app:v2`],
      );
      const theirs = new LayoutStore(`${folder}/theirs`);
      const found = await theirs.resolve("example.com/app:v2");
      assertEquals(await theirs.resolve("v2"), found);
      const back = new LayoutStore(`${folder}/back`);
      await copy(theirs, "v2", back);
      assertEquals((await back.resolve("v2")).digest, found.digest);
      assertEquals((await ours.resolve("v1")).digest, found.digest);
    }),
});

Deno.test({
  name: "LayoutStore reads what umoci wrote, and umoci what it wrote",
  ignore: !found("umoci"),
  fn: () =>
    withFolder(async (folder) => {
      await program("umoci", "init", "--layout", `${folder}/theirs`);
      await program("umoci", "new", "--image", `${folder}/theirs:first`);
      const theirs = new LayoutStore(`${folder}/theirs`);
      const target = new LayoutStore(`${folder}/ours`);
      await copy(theirs, "first", target, "second");
      const tags = await program("umoci", "ls", "--layout", `${folder}/ours`);
      assertEquals(tags, "second");
      await program("umoci", "stat", "--image", `${folder}/ours:second`);
      await copy(target, "second", theirs, "third");
      const all = await program("umoci", "ls", "--layout", `${folder}/theirs`);
      assertEquals(all.split("\n").sort(), ["first", "third"]);
      await program("umoci", "gc", "--layout", `${folder}/theirs`);
      await copy(theirs, "third", new MemoryStore());
    }),
});

Deno.test({
  name: "LayoutStore reads what oras wrote, and oras what it wrote",
  ignore: !found("oras"),
  fn: () =>
    withFolder(async (folder) => {
      const ours = await makeLayout(`${folder}/ours`);
      const [from, to] = [`${folder}/ours:v1`, `${folder}/theirs:v1,v2`];
      await program(
        "oras",
        ...["cp", "--from-oci-layout", "--to-oci-layout", from, to],
      );
      await program(
        "oras",
        ...["attach", "--oci-layout", "--artifact-type", "application/vnd.x"],
        ...["--annotation", "a=b", `${folder}/theirs:v1`],
      );
      const theirs = new LayoutStore(`${folder}/theirs`);
      assertEquals(await Array.fromAsync(theirs.listTags()), ["v1", "v2"]);
      const { digest } = await ours.resolve("v1");
      const back = new LayoutStore(`${folder}/back`);
      await copy(theirs, "v2", back, "v3", { recursive: true });
      assertEquals((await back.resolve("v3")).digest, digest);
      const seen = await program(
        "oras",
        ...[
          "discover",
          "--oci-layout",
          "--format",
          "json",
          `${folder}/back:v3`,
        ],
      );
      assertEquals(JSON.parse(seen).referrers.length, 1);
    }),
});

Deno.test({
  name: "LayoutStore reads what crane wrote, and crane what it wrote",
  ignore: !found("crane"),
  fn: () =>
    withFolder(async (folder) => {
      await using registry = openHttpRegistry();
      const ours = await makeLayout(`${folder}/ours`);
      const { digest } = await ours.resolve("v1");
      const name = `${registry.host}/team/app:v1`;
      await program("crane", "push", "--insecure", `${folder}/ours`, name);
      await program(
        "crane",
        ...["pull", "--insecure", "--format", "oci", name, `${folder}/theirs`],
      );
      const theirs = new LayoutStore(`${folder}/theirs`);
      const [entry] = await theirs.entries();
      assertEquals(entry!.digest, digest);
      await copy(theirs, digest, new LayoutStore(`${folder}/back`), "v1");
    }),
});
