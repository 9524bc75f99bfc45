import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  ArtifactError,
  createIndex,
  isNotFound,
  MemoryStore,
  updateIndex,
} from "@gantry/oci/oras";
import { PLATFORMS, prepare } from "./_index_members.ts";

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
