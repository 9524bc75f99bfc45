import {
  assertEquals,
  assertFalse,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { fixedCredentials, fromHandler } from "@gantry/oci/distribution";
import { createRegistry } from "@gantry/oci/distribution/server";
import { Registry } from "@gantry/oci/oras";
import { inspect } from "../_support/inspect.ts";

Deno.test("new Registry() takes a transport, and then nothing about TLS", async () => {
  const transport = fromHandler(createRegistry().fetch);
  const registry = new Registry({ hostname: "a.example", transport });
  await registry.push("team/app:v1");
  assertEquals(await registry.getTags("team/app"), ["v1"]);
  assertThrows(
    () => new Registry({ transport, tls: { insecure: true } }),
    TypeError,
    "tls is for the default transport",
  );
});

Deno.test("new Registry() takes credentials, and shows them in no error", async () => {
  const seen: (string | null)[] = [];
  const registry = new Registry({
    hostname: "registry.example",
    credentials: fixedCredentials({ username: "me", password: "s3cret" }),
    retry: { maxAttempts: 1 },
    transport: fromHandler(({ headers }) => {
      const shown = headers.get("authorization");
      seen.push(shown);
      return shown === null
        ? new Response(null, {
          status: 401,
          headers: { "www-authenticate": 'Basic realm="x"' },
        })
        : Response.json({ errors: [{ code: "DENIED", message: shown }] }, {
          status: 403,
        });
    }),
  });
  const error = await assertRejects(() => registry.getTags("a/b"));
  assertEquals(seen, [null, `Basic ${btoa("me:s3cret")}`]);
  assertStringIncludes(String(error), "403");
  assertFalse(inspect(error).includes(btoa("me:s3cret")));
});
