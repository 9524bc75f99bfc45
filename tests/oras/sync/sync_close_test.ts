import { assertEquals } from "@std/assert";
import { parseSyncConfig, Registry, sync } from "@gantry/oci/oras";
import { openHttpRegistry } from "../../_support/http_registry.ts";

Deno.test("sync() leaves no connection open behind it", async () => {
  await using server = openHttpRegistry();
  using registry = new Registry({ hostname: server.host, plainHttp: true });
  await registry.push("app:v1");
  const config = parseSyncConfig({
    creds: [{ registry: server.host, tls: "disabled" }],
    sync: [{
      source: `${server.host}/app:v1`,
      target: `${server.host}/mirror:v1`,
      type: "image",
    }],
  });
  const [result] = await sync(config);
  assertEquals(result?.outcome, "copied");
});
