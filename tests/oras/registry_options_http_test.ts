import { assertEquals, assertRejects } from "@std/assert";
import { ConnectionError } from "@gantry/oci/distribution";
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
