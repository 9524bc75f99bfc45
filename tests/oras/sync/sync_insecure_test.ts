import { assertEquals } from "@std/assert";
import {
  type ClientOptions,
  fromHandler,
  RegistryClient,
} from "@gantry/oci/distribution";
import { createRegistry } from "@gantry/oci/distribution/server";
import { parseSyncConfig, Registry, sync } from "@gantry/oci/oras";

Deno.test("sync() gives a registry whose certificate may be any a transport of its own", async () => {
  const transport = fromHandler(createRegistry().fetch);
  const registry = new Registry({ hostname: "a.example", transport });
  await registry.push("team/app:v1", { files: [] });
  const given: Record<string, ClientOptions> = {};
  const config = parseSyncConfig({
    creds: [{ registry: "b.example", tls: "insecure" }],
    sync: [{
      source: "a.example/team/app:v1",
      target: "b.example/team/other:v1",
      type: "image",
    }],
  });
  await sync(config, {
    makeClient(registry, options) {
      given[registry] = options;
      return Promise.resolve(new RegistryClient(registry, { transport }));
    },
  });
  assertEquals(
    [
      typeof given["a.example"]?.transport,
      typeof given["b.example"]?.transport,
    ],
    ["undefined", "function"],
  );
  given["b.example"]?.transport?.close?.();
});
