import {
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  ConnectionError,
  fixedCredentials,
  fromHandler,
} from "@gantry/oci/distribution";
import { createRegistry } from "@gantry/oci/distribution/server";
import { Registry, type TlsOptions } from "@gantry/oci/oras";
import { makeCertificates } from "../_support/certificates.ts";
import { openHttpRegistry } from "../_support/http_registry.ts";
import { found } from "../_support/programs.ts";

const RETRY = { maxAttempts: 1 };

Deno.test("new Registry() speaks HTTP where it is told plainHttp", async () => {
  await using server = openHttpRegistry();
  const hostname = server.host;
  using registry = new Registry({ hostname, plainHttp: true, retry: RETRY });
  await registry.push("team/app:v1");
  assertEquals(await registry.getTags("team/app"), ["v1"]);
  using secure = new Registry({ hostname, retry: RETRY });
  await assertRejects(() => secure.getTags("team/app"), ConnectionError);
});

Deno.test({
  name:
    "new Registry() trusts the authorities that it is told, and none but on request",
  ignore: !found("openssl"),
  async fn() {
    const certificates = await makeCertificates();
    const tls = certificates.server;
    await using server = openHttpRegistry(undefined, { tls });
    const open = (tls?: TlsOptions) =>
      new Registry({ hostname: server.host, tls, retry: RETRY });
    for (const tls of [undefined, {}, { insecure: false }]) {
      using registry = open(tls);
      await assertRejects(() => registry.getTags("a/b"), ConnectionError);
    }
    for (
      const tls of [{ insecure: true }, { caCerts: [certificates.ca.cert] }]
    ) {
      using registry = open(tls);
      await registry.push("team/app:v1");
      assertEquals(await registry.getTags("team/app"), ["v1"]);
    }
  },
});

Deno.test("new Registry() takes a transport, and then nothing about TLS", async () => {
  const transport = fromHandler(createRegistry().fetch);
  using registry = new Registry({ hostname: "a.example", transport });
  await registry.push("team/app:v1");
  assertEquals(await registry.getTags("team/app"), ["v1"]);
  assertThrows(
    () => new Registry({ transport, tls: { insecure: true } }),
    TypeError,
    "tls is for the default transport",
  );
});

Deno.test("new Registry() takes credentials, and shows them in no error", async () => {
  await using server = openHttpRegistry(({ headers }) => {
    const shown = headers.get("authorization");
    return shown === null
      ? new Response(null, {
        status: 401,
        headers: { "www-authenticate": 'Basic realm="x"' },
      })
      : Response.json({ errors: [{ code: "DENIED", message: shown }] }, {
        status: 403,
      });
  });
  using registry = new Registry({
    hostname: server.host,
    plainHttp: true,
    credentials: fixedCredentials({ username: "me", password: "s3cret" }),
    retry: RETRY,
  });
  const error = await assertRejects(() => registry.getTags("a/b"));
  const shown = server.seen.at(-1)!.headers.get("authorization");
  assertEquals(shown, `Basic ${btoa("me:s3cret")}`);
  assertStringIncludes(String(error), "403");
  assertEquals(Deno.inspect(error).includes(btoa("me:s3cret")), false);
});
