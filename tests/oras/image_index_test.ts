import { assert, assertEquals, assertRejects } from "@std/assert";
import { artifactManifest } from "@gantry/oci/image";
import {
  ArtifactError,
  createIndex,
  isNotFound,
  MemoryStore,
  updateIndex,
} from "@gantry/oci/oras";
import { LayoutStore } from "@gantry/oci/oras/node";
import { found } from "../_support/programs.ts";
import { document, fill, image } from "./stores/_graphs.ts";
import { EMPTY } from "./stores/_suite.ts";

const PLATFORMS = [
  { architecture: "amd64", os: "linux" },
  { architecture: "arm", os: "linux", variant: "v7" },
  {
    architecture: "amd64",
    os: "windows",
    "os.version": "10.0.1",
    "os.features": ["win32k"],
  },
];

/** Two images and more, tagged, in a layout or in memory. */
async function prepare(store: LayoutStore | MemoryStore): Promise<void> {
  for (const [index, platform] of PLATFORMS.entries()) {
    const pieces = await image(platform, [`layer ${index}`]);
    await fill(store, pieces);
    await store.tag(pieces.at(-1)!.descriptor, `image${index}`);
  }
  const artifact = await document(
    artifactManifest({ artifactType: "application/vnd.example" }),
  );
  await fill(store, [EMPTY, artifact]);
  await store.tag(artifact.descriptor, "artifact");
}

Deno.test("createIndex() tells platforms and types of artifact", async () => {
  const store = new MemoryStore();
  await prepare(store);
  const { descriptor, value } = await createIndex(
    store,
    ["image0", "image1", "image2", "artifact", "image0"],
    { tags: ["all", "latest"], annotations: { a: "b" } },
  );
  assertEquals(value.manifests.map(({ platform }) => platform), [
    ...PLATFORMS,
    undefined,
  ]);
  assertEquals(value.manifests[3]?.artifactType, "application/vnd.example");
  assertEquals(value.annotations, { a: "b" });
  assertEquals(await store.resolve("all"), descriptor);
  assertEquals(await store.resolve("latest"), descriptor);
});

Deno.test("createIndex() only makes an index on wish", async () => {
  const store = new MemoryStore();
  await prepare(store);
  const { descriptor } = await createIndex(store, ["image0"], { push: false });
  assertEquals(await store.exists(descriptor), false);
});

Deno.test("updateIndex() removes, adds and merges, and keeps the rest", async () => {
  const store = new MemoryStore();
  await prepare(store);
  const original = await createIndex(store, ["image0", "image1"], {
    tags: ["all"],
    annotations: { kept: "yes" },
    artifactType: "application/vnd.example.set",
  });
  await createIndex(store, ["image1", "artifact"], { tags: ["other"] });
  const [first, second] = original.value.manifests;
  const { descriptor, value } = await updateIndex(store, "all", {
    remove: [first!.digest],
    add: ["image2"],
    merge: ["other"],
    tags: ["more"],
  });
  const artifact = await store.resolve("artifact");
  assertEquals(value.manifests.map(({ digest }) => digest), [
    second!.digest,
    (await store.resolve("image2")).digest,
    artifact.digest,
  ]);
  assertEquals(value.annotations, { kept: "yes" });
  assertEquals(value.artifactType, "application/vnd.example.set");
  for (const tag of ["all", "more"]) {
    assertEquals(await store.resolve(tag), descriptor);
  }
  const cleared = await updateIndex(store, descriptor.digest, {
    artifactType: "",
  });
  assert(!("artifactType" in cleared.value));
  assertEquals(await store.resolve("all"), descriptor);
});

Deno.test("updateIndex() refuses what is no index, and what is not in it", async () => {
  const store = new MemoryStore();
  await prepare(store);
  const { descriptor } = await createIndex(store, ["image0"], {
    tags: ["all"],
  });
  const refused = [
    () => updateIndex(store, "image0", {}),
    () => updateIndex(store, "all", { merge: ["image0"] }),
    () => updateIndex(store, "all", { remove: [descriptor.digest] }),
  ];
  for (const run of refused) await assertRejects(run, ArtifactError);
  const missing = () => updateIndex(store, "all", { add: ["none"] });
  assert(isNotFound(await assertRejects(missing)));
  assertEquals(await store.resolve("all"), descriptor);
});

Deno.test({
  name: "createIndex() and updateIndex() make the bytes that oras makes",
  ignore: !found("oras"),
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "gantry-index-" });
    try {
      const store = new LayoutStore(folder);
      await prepare(store);
      const oras = async (...args: string[]): Promise<string> => {
        const { stderr, stdout, success } = await new Deno.Command("oras", {
          args: ["manifest", "index", ...args, "--output", "-"],
        }).output();
        assert(success, new TextDecoder().decode(stderr));
        return new TextDecoder().decode(stdout);
      };
      const names = ["image0", "image1", "image2", "artifact"];
      const theirs = await oras(
        ...["create", "--oci-layout", `${folder}:all`, ...names],
        ...["--artifact-type", "application/vnd.example.set"],
        ...["--annotation", "b=<2>", "--annotation", "a=1"],
      );
      const ours = await createIndex(store, names, {
        tags: ["all"],
        artifactType: "application/vnd.example.set",
        annotations: { b: "<2>", a: "1" },
      });
      assertEquals(new TextDecoder().decode(ours.bytes), theirs);
      const { digest } = await store.resolve("image1");
      const changed = await oras(
        ...["update", "--oci-layout", `${folder}:all`],
        ...["--remove", digest, "--artifact-type", ""],
      );
      const update = { remove: [digest], artifactType: "" };
      const { bytes } = await updateIndex(store, "all", update);
      assertEquals(new TextDecoder().decode(bytes), changed);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
