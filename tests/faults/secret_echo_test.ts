import { assert, assertEquals, assertRejects } from "@std/assert";
import { encodeBase64 } from "@std/encoding/base64";
import {
  type ClientEvent,
  type ClientOptions,
  fixedCredentials,
  RegistryClient,
  RegistryError,
} from "@gantry/oci/distribution";

const PASSWORD = "Grüße/p4ss+word";
const TOKEN = `${"header"}.${"x".repeat(1500)}.${"tail"}`;
const PAIR = encodeBase64(`me:${PASSWORD}`);

/** A server that wants a credential, and quotes it in all that it says. */
function echoing(way: "Basic" | "Bearer", quote: (shown: string) => string) {
  return Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => {
      const url = new URL(request.url);
      if (url.pathname === "/token") return Response.json({ token: TOKEN });
      const shown = request.headers.get("authorization");
      if (shown === null) {
        const realm = `${url.origin}/token`;
        const headers = { "www-authenticate": `${way} realm="${realm}"` };
        return new Response(null, { status: 401, headers });
      }
      const text = quote(shown);
      const warning = `299 - "${text.replace(/[^\x20-\x7e]/g, "?")}"`;
      if (url.pathname.includes("moved")) {
        const location = `http://storage.invalid/${encodeURIComponent(text)}`;
        return new Response(null, { status: 307, headers: { location } });
      }
      return Response.json({
        errors: [{
          code: "DENIED",
          message: `not for ${text}`,
          detail: { seen: [text], [text]: 1 },
        }, { code: text }],
      }, { status: 403, headers: { warning } });
    },
  );
}

function decoded(shown: string): string {
  const bytes = atob(shown.split(" ")[1]!);
  return new TextDecoder().decode(
    Uint8Array.from(bytes, (char) => char.charCodeAt(0)),
  );
}

const QUOTES: [
  name: string,
  way: "Basic" | "Bearer",
  (shown: string) => string,
][] = [
  ["the header as it is", "Basic", (shown) => shown],
  ["the header decoded", "Basic", decoded],
  ["the password", "Basic", (shown) => decoded(shown).slice(3)],
  [
    "the password as URLs write it",
    "Basic",
    (shown) => encodeURIComponent(decoded(shown).slice(3)),
  ],
  ["a token", "Bearer", (shown) => shown],
  ["a token that it cuts", "Bearer", (shown) => shown.slice(7, 60)],
];

for (const [name, way, quote] of QUOTES) {
  Deno.test(`RegistryClient shows no secret where the registry quotes ${name}`, async () => {
    await using server = echoing(way, quote);
    const events: ClientEvent[] = [];
    const client = new RegistryClient(`127.0.0.1:${server.addr.port}`, {
      plainHttp: true,
      credentials: fixedCredentials({ username: "me", password: PASSWORD }),
      retry: { maxAttempts: 1 },
      onEvent: (event) => void events.push(event),
    });
    const refused = await assertRejects(
      () => client.repository("app").manifests.get("v1"),
      RegistryError,
    );
    const lost = await assertRejects(
      () => client.repository("moved").manifests.get("v1"),
    );
    client.close();
    assertEquals(refused.code, "DENIED");
    assertEquals(refused.errors.length, 2);
    assertEquals(events.filter(({ type }) => type === "warning").length, 1);
    const told = [refused, lost, events]
      .map((one) =>
        Deno.inspect(one, { depth: 10, strAbbreviateSize: Infinity })
      ).join("\n");
    const secrets = [PASSWORD, encodeURIComponent(PASSWORD), PAIR];
    for (const secret of [...secrets, PAIR.slice(0, 16), "xxxxxxxx"]) {
      assert(!told.includes(secret), `${secret} in ${told}`);
    }
  });
}

Deno.test("RegistryClient shows no secret header of the user's that the registry quotes", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    ({ headers }) => {
      const message = `key ${headers.get("x-api-key")} is unknown`;
      return Response.json({ errors: [{ code: "DENIED", message }] }, {
        status: 403,
      });
    },
  );
  const client = new RegistryClient(`127.0.0.1:${server.addr.port}`, {
    plainHttp: true,
    headers: { "X-Api-Key": "s3cr3t-key" },
  });
  const error = await assertRejects(() => client.ping(), RegistryError);
  client.close();
  assertEquals(error.errors[0]?.message, "key ***** is unknown");
});

Deno.test("RegistryClient tells each warning of the registry once", async () => {
  let count = 0;
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => {
      const headers = new Headers();
      headers.append("warning", '299 - "read, \\"299 - x\\" only"');
      headers.append("warning", `299 - "request ${count++ % 2}"`);
      headers.append("warning", '110 cache "stale"');
      headers.append("warning", "299 - no quotes");
      return new Response(null, { headers });
    },
  );
  const events: ClientEvent[] = [];
  const options: ClientOptions = {
    plainHttp: true,
    onEvent: (event) => void events.push(event),
  };
  const registry = `127.0.0.1:${server.addr.port}`;
  const client = new RegistryClient(registry, options);
  for (let i = 0; i < 4; i++) await client.ping();
  client.close();
  assertEquals(
    events,
    ['read, "299 - x" only', "request 0", "request 1"].map((text) => ({
      type: "warning",
      registry,
      text,
    })),
  );
});
