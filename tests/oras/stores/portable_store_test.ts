import {
  fromHandler,
  RegistryClient,
  type RetryOptions,
  toSource,
} from "@gantry/oci/distribution";
import { createRegistry } from "@gantry/oci/distribution/server";
import {
  copy,
  DockerArchive,
  LayoutArchive,
  MemoryStore,
  packDockerArchive,
  packLayout,
} from "@gantry/oci/oras";
import { heldImage, type OpenReader, testReader } from "./_read_suite.ts";
import { testStore } from "./_suite.ts";

/** What a registry in memory answers will not change for waiting. */
const QUICK: RetryOptions = { baseDelay: 1 };

testStore("MemoryStore", () => ({
  store: new MemoryStore(),
  [Symbol.asyncDispose]: () => Promise.resolve(),
}));

testStore("Repository", () => {
  const transport = fromHandler(createRegistry().fetch);
  const client = new RegistryClient("registry.example", {
    transport,
    retry: QUICK,
  });
  return {
    store: client.repository("team/app"),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
});

testStore("Repository without the referrers endpoint", () => {
  const registry = createRegistry();
  const transport = fromHandler((request) =>
    request.url.includes("/referrers/")
      ? new Response("404 page not found", { status: 404 })
      : registry.fetch(request).then((response) => {
        const headers = new Headers(response.headers);
        headers.delete("oci-subject");
        return new Response(response.body, {
          status: response.status,
          headers,
        });
      })
  );
  const client = new RegistryClient("registry.example", {
    transport,
    retry: QUICK,
  });
  return {
    store: client.repository("team/app"),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
});

/** A store that needs no closing. */
function opened(store: OpenReader["store"]): OpenReader {
  return { store, [Symbol.asyncDispose]: () => Promise.resolve() };
}

async function packed(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<ReturnType<typeof toSource>> {
  return toSource(await new Response(stream).bytes());
}

testReader("MemoryStore", async () => opened((await heldImage()).memory));

testReader("Repository", async () => {
  const transport = fromHandler(createRegistry().fetch);
  const client = new RegistryClient("registry.example", {
    transport,
    retry: QUICK,
  });
  const store = client.repository("team/app");
  await copy((await heldImage()).memory, "v1", store);
  return opened(store);
});

testReader("LayoutArchive", async () => {
  const { memory, root: descriptor } = await heldImage();
  const tar = packLayout(memory, [{ descriptor, tag: "v1" }]);
  return opened(await LayoutArchive.open(await packed(tar)));
});

for (const format of ["oci", "docker"] as const) {
  testReader(`DockerArchive in ${format} form`, async () => {
    const { memory, root: descriptor } = await heldImage();
    const images = [{ descriptor, names: ["app:v1"] }];
    const tar = packDockerArchive(memory, images, { format });
    return opened(await DockerArchive.open(await packed(tar)));
  }, "app:v1");
}
