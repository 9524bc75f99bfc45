import { createRegistry, issueTokens } from "@gantry/oci/distribution/server";
import { directoryStorage, serve } from "@gantry/oci/distribution/server/node";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { serveWithDeno } from "../../distribution/server/node/_serve_deno.ts";
import { serveWithNode } from "../../distribution/server/node/_serve_node.ts";
import { makeCertificates } from "../_support/certificates.ts";
import { found } from "../_support/programs.ts";
import { rawRequest } from "./_raw_request.ts";
import { client, digestOf, MANIFEST, pushBlob } from "./_registries.ts";

const ANYWHERE = {
  hostname: "127.0.0.1",
  port: 0,
  tls: undefined,
  headTimeout: 60_000,
};
const LISTENERS = { Deno: serveWithDeno, node: serveWithNode };

for (const [runtime, listen] of Object.entries(LISTENERS)) {
  const start = (registry = createRegistry()) => listen(registry, ANYWHERE);
  const at = (port: number) => `http://127.0.0.1:${port}`;

  Deno.test(`serve() moves blobs with exact lengths (${runtime})`, async () => {
    const server = await start();
    const registry = client((path, init) =>
      fetch(at(server.port) + path, init)
    );
    const text = "x".repeat(3_000_000);
    const digest = await pushBlob(registry, "app", text);
    const pulled = await registry.call(`/v2/app/blobs/${digest}`, {
      headers: { "accept-encoding": "gzip" },
    });
    assertEquals(pulled.headers.get("content-length"), "3000000");
    assertEquals(await pulled.text(), text);
    const head = await registry.head(`/v2/app/blobs/${digest}`, {
      method: "HEAD",
    });
    assertEquals(head.headers.get("content-length"), "3000000");
    await server.shutdown();
    await server.finished;
  });

  Deno.test(`serve() answers a manifest that is too long while it arrives (${runtime})`, async () => {
    const server = await start();
    const connection = await Deno.connect({ port: server.port });
    await connection.write(new TextEncoder().encode(
      `PUT /v2/app/manifests/t HTTP/1.1\r\nhost: x\r\ncontent-type: ${MANIFEST}\r\n` +
        "transfer-encoding: chunked\r\n\r\n",
    ));
    const chunk = `10000\r\n${" ".repeat(65_536)}\r\n`;
    const bytes = new TextEncoder().encode(chunk.repeat(80));
    const sending = (async () => {
      for (let sent = 0; sent < bytes.length;) {
        sent += await connection.write(bytes.subarray(sent));
      }
    })().catch(() => {});
    const buffer = new Uint8Array(1000);
    const count = await connection.read(buffer);
    const answer = new TextDecoder().decode(buffer.subarray(0, count ?? 0));
    assertEquals(answer.slice(0, 12), "HTTP/1.1 413");
    connection.close();
    await sending;
    await server.shutdown();
  });

  Deno.test(`serve() shows nothing of an upload whose client is gone (${runtime})`, async () => {
    const root = await Deno.makeTempDir();
    const events: { type: string; status?: number }[] = [];
    const answered = Promise.withResolvers<void>();
    const server = await start(createRegistry({
      storage: directoryStorage(root),
      onEvent(event) {
        events.push(event);
        if (event.type === "request") answered.resolve();
      },
    }));
    const digest = await digestOf("hello");
    const connection = await Deno.connect({ port: server.port });
    await connection.write(new TextEncoder().encode(
      `POST /v2/app/blobs/uploads/?digest=${digest} HTTP/1.1\r\nhost: x\r\n` +
        "content-length: 5\r\n\r\nhel",
    ));
    connection.close();
    await answered.promise;
    await server.shutdown();
    const names: string[] = [];
    for await (const { name } of Deno.readDir(root)) names.push(name);
    assertEquals(names, ["_uploads"]);
    assertEquals(await Array.fromAsync(Deno.readDir(`${root}/_uploads`)), []);
    assertEquals(events.map(({ type }) => type), ["request"]);
    await Deno.remove(root, { recursive: true });
  });

  Deno.test(`serve() lets an upload finish before it stops (${runtime})`, async () => {
    const registry = createRegistry();
    const server = await start(registry);
    const digest = await digestOf("hello");
    const connection = await Deno.connect({ port: server.port });
    const send = (text: string) =>
      connection.write(new TextEncoder().encode(text));
    await send(
      `POST /v2/app/blobs/uploads/?digest=${digest} HTTP/1.1\r\nhost: x\r\n` +
        "content-length: 5\r\n\r\nhel",
    );
    // A request behind it shows that the first one has been taken up.
    await rawRequest(server.port, "GET", "/v2/");
    const stopped = server.shutdown();
    await send("lo");
    const buffer = new Uint8Array(1000);
    const count = await connection.read(buffer);
    const answer = new TextDecoder().decode(buffer.subarray(0, count ?? 0));
    assertEquals(answer.slice(0, 12), "HTTP/1.1 201");
    connection.close();
    await stopped;
    await server.finished;
    const pulled = await registry.fetch(
      new Request(`http://registry.test/v2/app/blobs/${digest}`),
    );
    assertEquals(await pulled.text(), "hello");
  });

  Deno.test(`serve() answers 400 to a host that is none, and goes on (${runtime})`, async () => {
    const authenticate = () => undefined;
    const tokens = issueTokens();
    const server = await start(createRegistry({ authenticate, tokens }));
    const answers = [];
    for (const host of ["a b", "a%", "localhost:x", "localhost"]) {
      const { status } = await rawRequest(
        server.port,
        ...(["GET", "/v2/", "", host] as const),
      );
      answers.push(status);
    }
    assertEquals(answers, [400, 400, 400, 401]);
    await server.shutdown();
    await server.finished;
  });

  Deno.test(`serve() rejects when the port is taken (${runtime})`, async () => {
    const server = await start();
    const options = { ...ANYWHERE, port: server.port };
    await assertRejects(async () => await listen(createRegistry(), options));
    await server.shutdown();
  });

  Deno.test({
    name: `serve() speaks TLS (${runtime})`,
    ignore: !found("openssl"),
    fn: () => speakTls(listen),
  });
}

async function speakTls(listen: typeof serveWithDeno): Promise<void> {
  const certificates = await makeCertificates();
  const server = await listen(createRegistry(), {
    ...ANYWHERE,
    tls: certificates.server,
  });
  const http = Deno.createHttpClient({ caCerts: [certificates.ca.cert] });
  const response = await fetch(`https://localhost:${server.port}/v2/`, {
    client: http,
  });
  assertEquals(await response.json(), {});
  http.close();
  await server.shutdown();
}

Deno.test("serve() stops when its signal aborts", async () => {
  const controller = new AbortController();
  const server = await serve(createRegistry(), { signal: controller.signal });
  assert(server.url.startsWith("http://127.0.0.1:"));
  controller.abort();
  await server.finished;
  await assertRejects(() => fetch(`${server.url}/v2/`));
  const late = serve(createRegistry(), { signal: AbortSignal.abort("why") });
  assertEquals(await late.catch((reason) => reason), "why");
});
