import { copy } from "@gantry/oci/oras";
import { FileStore, LayoutStore } from "@gantry/oci/oras/node";
import { heldImage, testReader } from "./_read_suite.ts";
import { type OpenStore, testStore } from "./_suite.ts";

testStore("LayoutStore", async (): Promise<OpenStore> => {
  const path = await Deno.makeTempDir({ prefix: "gantry-layout-" });
  return {
    store: new LayoutStore(path),
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
});

testStore("FileStore", async (): Promise<OpenStore> => {
  const path = await Deno.makeTempDir({ prefix: "gantry-files-" });
  return {
    store: new FileStore(path),
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
});

for (const Store of [LayoutStore, FileStore]) {
  testReader(Store.name, async () => {
    const path = await Deno.makeTempDir({ prefix: "gantry-store-" });
    const { memory } = await heldImage();
    const store = new Store(path);
    await copy(memory, "v1", store);
    return {
      store,
      [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
    };
  });
}
