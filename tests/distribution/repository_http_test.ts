import { assertEquals } from "@std/assert";
import { makeTransport, RegistryClient } from "@gantry/oci/distribution";
import { openHttpRegistry } from "../_support/http_registry.ts";

Deno.test("RegistryClient closes the transport that it made, and no other", async () => {
  await using server = openHttpRegistry();
  {
    // What stays open would fail this test.
    using client = new RegistryClient(server.host, { plainHttp: true });
    await client.ping();
    client.close();
    await client.ping();
  }
  let closed = 0;
  const given = makeTransport(() => Promise.resolve(new Response("{}")), {
    close: () => void closed++,
  });
  new RegistryClient("registry.example", { transport: given }).close();
  assertEquals(closed, 0);
});
