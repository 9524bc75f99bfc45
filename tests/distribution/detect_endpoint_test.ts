import { assertEquals, assertRejects } from "@std/assert";
import {
  type BaseTransportOptions,
  ConnectionError,
  type ConnectionErrorCode,
  detectEndpoint,
  fromHandler,
  NotFoundError,
  RegistryError,
  type Transport,
} from "@gantry/oci/distribution";
import { createRegistry } from "@gantry/oci/distribution/server";

/**
 * Makes the transports of a machine with one registry, which answers over HTTP, or
 * over HTTPS to those who take any certificate, and notes what is asked.
 */
function machine(code: ConnectionErrorCode, speaks: "http" | "bad TLS") {
  const registry = createRegistry();
  const asked: string[] = [];
  const makeTransport = (options: BaseTransportOptions): Transport =>
    fromHandler((request) => {
      const { protocol } = new URL(request.url);
      const isInsecure = options.insecure === true;
      asked.push(isInsecure ? `${protocol} insecure` : protocol);
      const isOpen = speaks === "http"
        ? protocol === "http:"
        : protocol === "https:" && isInsecure;
      if (isOpen) return registry.fetch(request);
      const { method, url } = request;
      throw new ConnectionError(code, "no answer", { method, url });
    });
  return { asked, makeTransport };
}

Deno.test("detectEndpoint() finds plain HTTP on this machine, and elsewhere only where it is allowed", async () => {
  for (const host of ["127.0.0.1:5000", "localhost:5000", "[::1]:5000"]) {
    const { asked, makeTransport } = machine("TLS_FAILED", "http");
    const endpoint = await detectEndpoint(host, { makeTransport });
    assertEquals(
      [endpoint.origin.href, endpoint.tls, endpoint.needsLogin],
      [`http://${host}/`, "none", false],
    );
    assertEquals(asked, ["https:", "https: insecure", "http:"]);
  }
  const host = "registry.example:5000";
  const { asked, makeTransport } = machine("CONNECTION_REFUSED", "http");
  await assertRejects(
    () => detectEndpoint(host, { makeTransport }),
    ConnectionError,
  );
  assertEquals(asked, ["https:"]);
  const { tls } = await detectEndpoint(host, {
    makeTransport,
    allowHttp: true,
  });
  assertEquals(tls, "none");
});

Deno.test("detectEndpoint() takes a certificate that does not verify only where it is allowed", async () => {
  const { asked, makeTransport } = machine("TLS_FAILED", "bad TLS");
  const error = await assertRejects(
    () => detectEndpoint("127.0.0.1:5000", { makeTransport, allowHttp: true }),
    ConnectionError,
  );
  assertEquals(error.code, "TLS_FAILED");
  // Nothing is asked over HTTP where the registry has HTTPS.
  assertEquals(asked, ["https:", "https: insecure"]);
  const { origin, tls } = await detectEndpoint("127.0.0.1:5000", {
    makeTransport,
    allowInsecure: true,
  });
  assertEquals([origin.protocol, tls], ["https:", "unverified"]);
});

Deno.test("detectEndpoint() asks over HTTP nobody who does not answer at all", async () => {
  const codes = ["HOST_UNKNOWN", "CONNECT_TIMEOUT", "DEADLINE_EXCEEDED"];
  for (const code of codes as ConnectionErrorCode[]) {
    const { asked, makeTransport } = machine(code, "http");
    const error = await assertRejects(
      () => detectEndpoint("localhost", { makeTransport }),
      ConnectionError,
    );
    assertEquals([error.code, ...asked], [code, "https:"]);
  }
});

Deno.test("detectEndpoint() takes 401 for a registry, and sends no credential", async () => {
  const seen: (string | null)[] = [];
  const makeTransport = () =>
    fromHandler((request) => {
      seen.push(request.headers.get("authorization"));
      return new Response(null, {
        status: 401,
        headers: {
          "docker-distribution-api-version": "registry/2.0",
          "www-authenticate": 'Basic realm="x"',
        },
      });
    });
  const endpoint = await detectEndpoint("registry.example", { makeTransport });
  assertEquals(endpoint, {
    origin: new URL("https://registry.example/"),
    tls: "verified",
    apiVersion: "registry/2.0",
    needsLogin: true,
  });
  assertEquals(seen, [null]);
  const hub = await detectEndpoint("docker.io", { makeTransport });
  assertEquals(hub.origin.host, "registry-1.docker.io");
});

Deno.test("detectEndpoint() refuses what is no registry", async () => {
  const answering = (status: number) => ({
    makeTransport: () => fromHandler(() => new Response("", { status })),
  });
  await assertRejects(
    () => detectEndpoint("registry.example", answering(404)),
    NotFoundError,
  );
  await assertRejects(
    () => detectEndpoint("registry.example", answering(503)),
    RegistryError,
  );
});

Deno.test("detectEndpoint() gives up on what stays silent", async () => {
  const gate = Promise.withResolvers<Response>();
  const error = await assertRejects(
    () =>
      detectEndpoint("localhost", {
        makeTransport: () => fromHandler(() => gate.promise),
        timeout: 50,
      }),
    ConnectionError,
  );
  assertEquals(error.code, "DEADLINE_EXCEEDED");
  gate.resolve(new Response());
});
