import { assertEquals, assertRejects } from "@std/assert";
import {
  fromHandler,
  InvalidReferenceError,
  RegistryClient,
} from "@gantry/oci/distribution";
import { createRegistry } from "@gantry/oci/distribution/server";
import {
  MemoryStore,
  push,
  StoreError,
  type WritableStore,
} from "@gantry/oci/oras";
import { FileStore, LayoutStore } from "@gantry/oci/oras/node";

const files = [{ title: "a.txt", content: "a" }];

Deno.test("push() to a repository refuses a malformed tag before it sends anything", async () => {
  const asked: string[] = [];
  const { fetch } = createRegistry();
  const transport = fromHandler((request) => {
    asked.push(request.url);
    return fetch(request);
  });
  const client = new RegistryClient("registry.example", { transport });
  const store = client.repository("team/app");
  for (const tag of ["-v1", "a b", "", `sha256:${"0".repeat(64)}`]) {
    const tags = ["fine", tag];
    const error = await assertRejects(
      () => push(store, { files, tags }),
      InvalidReferenceError,
    );
    assertEquals(error.code, "REFERENCE_TAG_INVALID");
  }
  assertEquals(asked, []);
});

Deno.test("push() to other stores refuses a malformed tag before it writes anything", async () => {
  const folder = await Deno.makeTempDir();
  const stores: readonly WritableStore[] = [
    new MemoryStore(),
    new LayoutStore(`${folder}/layout`),
    new FileStore(`${folder}/files`),
  ];
  for (const store of stores) {
    const pushed: string[] = [];
    const inner = store.push.bind(store);
    store.push = (descriptor, ...rest) => {
      pushed.push(descriptor.digest);
      return inner(descriptor, ...rest);
    };
    const error = await assertRejects(
      () => push(store, { files, tags: ["fine", "a b"] }),
      StoreError,
    );
    assertEquals([error.code, pushed], ["REFERENCE_INVALID", []]);
  }
  await Deno.remove(folder, { recursive: true });
});
