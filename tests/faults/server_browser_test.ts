import { assertEquals } from "@std/assert";
import { createRegistry } from "@gantry/oci/distribution/server";

Deno.test("createRegistry() keeps a browser from running a manifest that was pushed as HTML", async () => {
  const { fetch } = createRegistry();
  const url = "http://localhost/v2/app/manifests/v1";
  const pushed = await fetch(
    new Request(url, {
      method: "PUT",
      headers: { "content-type": "text/html" },
      body: '{"schemaVersion":2,"a":"<script>alert(1)</script>"}',
    }),
  );
  assertEquals(pushed.status, 201);
  const { headers, body } = await fetch(new Request(url));
  await body?.cancel();
  assertEquals(headers.get("content-type"), "text/html");
  assertEquals(
    headers.get("content-security-policy"),
    "default-src 'none'; sandbox",
  );
});
