import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  defaultTransport,
  fixedCredentials,
  RegistryClient,
  trace,
  type TraceEvent,
} from "@gantry/oci/distribution";

Deno.test("trace() tells of every request over the wire, and of no secret", async () => {
  const secrets = [
    "s3cr3t-password",
    "s3cr3t-token",
    "s3cr3t-key",
    "s3cr3t-sig",
  ];
  const [password, token, key, signature] = secrets as [
    string,
    string,
    string,
    string,
  ];
  let failures = 1;
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    ({ headers, url: href }) => {
      const url = new URL(href);
      if (url.pathname === "/token") {
        return Response.json({ token }, {
          headers: { "x-echo": headers.get("authorization")! },
        });
      }
      if (url.pathname === "/storage") return new Response("0123456789");
      const shown = headers.get("authorization");
      if (shown === null) {
        const realm = `${url.origin}/token?sig=${signature}`;
        return new Response(null, {
          status: 401,
          headers: { "www-authenticate": `Bearer realm="${realm}"` },
        });
      }
      if (failures-- > 0) {
        return new Response(null, {
          status: 503,
          headers: { "x-echo": shown },
        });
      }
      return new Response(null, {
        status: 307,
        headers: {
          location: `/storage?sig=${signature}`,
          "x-echo": `${headers.get("x-api-key")} ${token}`,
        },
      });
    },
  );
  const events: TraceEvent[] = [];
  const base = defaultTransport();
  const host = `127.0.0.1:${server.addr.port}`;
  const client = new RegistryClient(host, {
    transport: trace(base, (event) => void events.push(event), {
      secretHeaders: ["X-Api-Key"],
    }),
    plainHttp: true,
    headers: { "x-api-key": key },
    credentials: fixedCredentials({ username: "me", password }),
    retry: { baseDelay: 1 },
  });
  const response = await client.send({ method: "GET", url: "v2/" });
  assertEquals(await response.text(), "0123456789");
  base.close?.();

  const seen = events.map((event) => {
    switch (event.type) {
      case "request":
        return `${event.id} ${event.method} ${event.url}`;
      case "response":
        return `${event.id} ${event.status}`;
      default:
        return `${event.id} ${event.type}`;
    }
  });
  assertEquals(seen.filter((line) => !line.endsWith("end")), [
    `0 GET http://${host}/v2/`,
    "0 401",
    `1 GET http://${host}/token?sig=*****`,
    "1 200",
    `2 GET http://${host}/v2/`,
    "2 503",
    `3 GET http://${host}/v2/`,
    "3 307",
    `4 GET http://${host}/storage?sig=*****`,
    "4 200",
  ]);
  const end = events.find(({ id, type }) => id === 4 && type === "end");
  assert(end?.type === "end" && end.received === 10 && end.elapsed >= 0);
  const text = JSON.stringify(events);
  for (const secret of [...secrets, btoa(`me:${password}`)]) {
    assert(!text.includes(secret), `${secret} in ${text}`);
  }
});

Deno.test("trace() tells why there was no answer, and passes the error on", async () => {
  const events: TraceEvent[] = [];
  let now = 0;
  const transport = trace(
    () => Promise.reject(new Error("it said Bearer s3cr3t-token")),
    (event) => void events.push(event),
    { clock: () => now += 5 },
  );
  await assertRejects(
    () =>
      transport({
        method: "PUT",
        url: new URL("https://registry.example/v2/"),
        headers: new Headers({ authorization: "Bearer s3cr3t-token" }),
        body: new Uint8Array(3),
      }),
    Error,
    "s3cr3t-token",
  );
  assertEquals(events, [{
    type: "request",
    id: 0,
    method: "PUT",
    url: "https://registry.example/v2/",
    headers: [["authorization", "*****"]],
    size: 3,
  }, {
    type: "failure",
    id: 0,
    reason: "it said *****",
    elapsed: 5,
  }]);
});
