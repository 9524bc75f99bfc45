import { assertEquals, assertRejects } from "@std/assert";
import { ConnectionError } from "@gantry/oci/distribution";
import { Client, METHODS } from "@gantry/oci/distribution/reggie";
import { makeCertificates } from "../_support/certificates.ts";
import { openHttpRegistry } from "../_support/http_registry.ts";
import { found } from "../_support/programs.ts";
import { type MockRegistry, mockRegistry } from "./_reggie_mock.ts";

/** Puts a mock registry on a loopback port. */
function serve(
  { fetch }: MockRegistry,
): { readonly url: string } & AsyncDisposable {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    fetch,
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

Deno.test("Client.do() authenticates by a token, once, with these headers", async () => {
  const mock = mockRegistry();
  await using server = serve(mock);
  using client = new Client(server.url, {
    username: "testuser",
    password: "testpass",
    defaultName: "testname",
    userAgent: "reggie-test",
  });
  const response = await client.do(
    client.newRequest("PUT", "/v2/<name>/blobs/uploads/<session_id>", {
      sessionId: "s1",
    })
      .setHeader("Content-Length", "3")
      .setHeader("Content-Range", "0-2")
      .setHeader("Content-Type", "application/octet-stream")
      .setQueryParam("digest", "xyz").setBody("abc"),
  );
  assertEquals(response.status, 201);
  const [first, token, second, ...rest] = mock.seen;
  assertEquals(rest, []);
  const target = "/v2/testname/blobs/uploads/s1?digest=xyz";
  const content = {
    "content-length": "3",
    "content-range": "0-2",
    "content-type": "application/octet-stream",
    "user-agent": "reggie-test",
  };
  assertEquals(first, {
    method: "PUT",
    target,
    headers: content,
    body: "abc",
  });
  assertEquals(token?.target, "/auth?service=testservice&scope=pull%2Cpush");
  assertEquals(
    token?.headers["authorization"],
    "Basic dGVzdHVzZXI6dGVzdHBhc3M=",
  );
  assertEquals(second, {
    method: "PUT",
    target,
    headers: { ...content, authorization: "Bearer abc123" },
    body: "abc",
  });
});

Deno.test("Client.do() leaves nothing open of an answer that nobody reads", async () => {
  const mock = mockRegistry();
  await using server = serve(mock);
  using client = new Client(server.url);
  for (const method of METHODS) {
    const response = await client.do(client.newRequest(method, "/v2/small"));
    assertEquals(response.status, 200, method);
  }
});

Deno.test({
  name:
    "Client.do() accepts any certificate where it is told to, and else only good ones",
  ignore: !found("openssl"),
  async fn() {
    const { server: { cert, key } } = await makeCertificates();
    await using server = openHttpRegistry(undefined, { tls: { cert, key } });
    const address = `https://${server.host}`;
    using strict = new Client(address);
    await assertRejects(
      () => strict.do(strict.newRequest("GET", "/v2/")),
      ConnectionError,
    );
    using insecure = new Client(address, { insecure: true });
    assertEquals(insecure.config.insecure, true);
    const response = await insecure.do(insecure.newRequest("GET", "/v2/"));
    assertEquals(response.status, 200);
  },
});
