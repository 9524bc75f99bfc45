import { FileStore, LayoutStore } from "@gantry/oci/oras/node";
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
