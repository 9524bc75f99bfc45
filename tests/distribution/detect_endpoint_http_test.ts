import { assertEquals, assertRejects } from "@std/assert";
import {
  type BaseTransportOptions,
  ConnectionError,
  defaultTransport,
  detectEndpoint,
} from "@gantry/oci/distribution";
import { createRegistry } from "@gantry/oci/distribution/server";
import { makeCertificates } from "../_support/certificates.ts";
import { found } from "../_support/programs.ts";

const quiet = { hostname: "127.0.0.1", port: 0, onListen: () => {} };

/** A transport on which a name stands for this machine. */
function named(port: number, more: BaseTransportOptions = {}) {
  return (options: BaseTransportOptions) =>
    defaultTransport({
      ...more,
      ...options,
      resolve: [{ host: "registry.example", port, address: "127.0.0.1" }],
    });
}

Deno.test("detectEndpoint() finds a server that speaks no TLS", async () => {
  await using server = Deno.serve(quiet, createRegistry().fetch);
  const { port } = server.addr;
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`]) {
    const endpoint = await detectEndpoint(host);
    assertEquals(
      [endpoint.origin.href, endpoint.tls, endpoint.needsLogin],
      [`http://${host}/`, "none", false],
    );
  }
  const registry = `registry.example:${port}`;
  const makeTransport = named(port);
  await assertRejects(
    () => detectEndpoint(registry, { makeTransport }),
    ConnectionError,
  );
  const { tls } = await detectEndpoint(registry, {
    makeTransport,
    allowHttp: true,
  });
  assertEquals(tls, "none");
});

Deno.test({
  name:
    "detectEndpoint() tells a server's certificate that verifies from one that does not",
  ignore: !found("openssl"),
  async fn() {
    const { ca, server: identity } = await makeCertificates();
    await using server = Deno.serve(
      { ...quiet, ...identity },
      createRegistry().fetch,
    );
    const host = `127.0.0.1:${server.addr.port}`;
    const trusted = await detectEndpoint(host, {
      makeTransport: (options) =>
        defaultTransport({ ...options, caCerts: [ca.cert] }),
    });
    assertEquals([trusted.origin.protocol, trusted.tls], [
      "https:",
      "verified",
    ]);
    const error = await assertRejects(
      () => detectEndpoint(host, { allowHttp: true }),
      ConnectionError,
    );
    assertEquals(error.code, "TLS_FAILED");
    const insecure = await detectEndpoint(host, { allowInsecure: true });
    assertEquals(
      [insecure.origin.protocol, insecure.tls],
      ["https:", "unverified"],
    );
  },
});

Deno.test("detectEndpoint() gives up on a server that takes connections and stays silent", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const held: Deno.Conn[] = [];
  const accepting = (async () => {
    for await (const connection of listener) held.push(connection);
  })();
  const error = await assertRejects(
    () => detectEndpoint(`127.0.0.1:${listener.addr.port}`, { timeout: 100 }),
    ConnectionError,
  );
  assertEquals(error.code, "DEADLINE_EXCEEDED");
  listener.close();
  await accepting.catch(() => {});
  for (const connection of held) connection.close();
});
