import { defaultTransport } from "@gantry/oci/distribution";
import { assertTraced, busyRegistry } from "./_traced.ts";

Deno.test("trace() tells of every request over the wire, and of no secret", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    busyRegistry(),
  );
  const base = defaultTransport();
  await assertTraced(base, `127.0.0.1:${server.addr.port}`);
  base.close?.();
});
