import { assertEquals } from "@std/assert";
import { defaultTransport, limit } from "@gantry/oci/distribution";
import { request } from "../_support/test_source.ts";

Deno.test("limit() lets whoever reads one body to send another to the same host", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const sent = await request.arrayBuffer();
      return new Response(
        request.method === "PUT" ? `${sent.byteLength}` : new Uint8Array(9000),
      );
    },
  );
  const base = defaultTransport();
  const transport = limit(base, { concurrency: 1 });
  const url = new URL(`http://127.0.0.1:${server.addr.port}/`);
  const from = await transport(request(url));
  const body = { size: 9000, open: () => from.body! };
  const to = await transport(request(url, { method: "PUT", body }));
  assertEquals(await to.text(), "9000");
  base.close?.();
});
