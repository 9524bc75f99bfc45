import { fromHandler, RegistryClient } from "@gantry/oci/distribution";
import { createRegistry } from "@gantry/oci/distribution/server";
import { MemoryStore } from "@gantry/oci/oras";
import { testStore } from "./_suite.ts";

testStore("MemoryStore", () => ({
  store: new MemoryStore(),
  [Symbol.asyncDispose]: () => Promise.resolve(),
}));

testStore("Repository", () => {
  const transport = fromHandler(createRegistry().fetch);
  const client = new RegistryClient("registry.example", { transport });
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
  const client = new RegistryClient("registry.example", { transport });
  return {
    store: client.repository("team/app"),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
});
