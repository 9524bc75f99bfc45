import { assert, assertEquals, assertRejects } from "@std/assert";
import { ProtocolError, SecurityError } from "../../distribution/errors.ts";
import type { ClientEvent } from "../../distribution/events.ts";
import { redirect } from "../../distribution/redirect.ts";
import { toSource } from "../../distribution/source.ts";
import {
  assertNoSecret,
  bodyText,
  makeRequest,
  type Recorder,
  recorder,
} from "./_layers.ts";

const HOME = "https://registry.example/v2/app/blobs/x";
const STORAGE = "https://storage.example/blob?signature=s3cret";
const SECRETS = {
  authorization: "Bearer s3cret",
  cookie: "session=s3cret",
  "proxy-authorization": "Basic s3cret",
  "x-api-key": "s3cret",
};

/** A base that answers each URL of the table with a redirect, and all others with 200. */
function pointing(
  table: Record<string, string>,
  status = 307,
): Recorder {
  return recorder(({ url }) => {
    const location = table[url.href];
    return location === undefined
      ? new Response("content")
      : new Response("moved", { status, headers: { location } });
  });
}

Deno.test("redirect() takes all secrets off when the origin changes", async () => {
  const others = [
    "https://storage.example/blob",
    "https://registry.example:8443/blob",
    "https://sub.registry.example/blob",
  ];
  for (const other of others) {
    const { transport, requests } = pointing({ [HOME]: other });
    const layer = redirect(transport, { privateHeaders: ["X-API-Key"] });
    const response = await layer(makeRequest(HOME, {
      scopes: ["repository:app:pull"],
      headers: { ...SECRETS, range: "bytes=5-", accept: "text/plain" },
    }));
    assertEquals(await response.text(), "content");
    const [, second] = requests;
    assertEquals(Object.fromEntries(second!.headers), {
      accept: "text/plain",
      range: "bytes=5-",
    });
    assertEquals([second!.anonymous, second!.scopes], [true, undefined]);
  }
});

Deno.test("redirect() keeps the headers at the same origin", async () => {
  for (const location of ["/v2/elsewhere", "https://registry.example:443/y"]) {
    const { transport, requests } = pointing({ [HOME]: location });
    const layer = redirect(transport, { privateHeaders: ["x-api-key"] });
    await (await layer(makeRequest(HOME, { headers: SECRETS }))).text();
    assertEquals(Object.fromEntries(requests[1]!.headers), SECRETS);
    assertEquals(requests[1]!.anonymous, undefined);
  }
});

Deno.test("redirect() gives no secret back to an origin that was left", async () => {
  const back = "https://registry.example/v2/other";
  const { transport, requests } = pointing({
    [HOME]: STORAGE,
    [STORAGE]: back,
  });
  const layer = redirect(transport);
  await (await layer(makeRequest(HOME, { headers: SECRETS }))).text();
  assertEquals(requests[2]!.url.href, back);
  assertEquals(requests[2]!.headers.get("authorization"), null);
  assertEquals(requests[2]!.anonymous, true);
});

Deno.test("redirect() takes private headers off a first request that goes elsewhere", async () => {
  const { transport, requests } = pointing({});
  const layer = redirect(transport, {
    origin: new URL("https://registry.example"),
    privateHeaders: ["x-api-key"],
  });
  await (await layer(makeRequest(STORAGE, { headers: SECRETS }))).text();
  assertEquals([...requests[0]!.headers], []);
});

Deno.test("redirect() tells the URL that answered", async () => {
  const { transport } = pointing({
    [HOME]: "/a?n=1#part",
    "https://registry.example/a?n=1": "b",
  });
  const response = await redirect(transport)(makeRequest(HOME));
  assertEquals(response.url, "https://registry.example/b");
  assertEquals(response.redirected, true);
  await response.body?.cancel();
  const direct = await redirect(transport)(makeRequest(STORAGE));
  assertEquals([direct.url, direct.redirected], [STORAGE, false]);
  await direct.body?.cancel();
});

const METHODS: [string, number, boolean][] = [
  ["GET", 301, true],
  ["GET", 302, true],
  ["HEAD", 303, true],
  ["GET", 307, true],
  ["HEAD", 308, true],
  ["PUT", 307, true],
  ["POST", 308, true],
  ["PATCH", 307, true],
  ["DELETE", 308, true],
  ["POST", 301, false],
  ["PUT", 302, false],
  ["PATCH", 303, false],
  ["DELETE", 301, false],
];

for (const [method, status, follows] of METHODS) {
  Deno.test(`redirect() ${follows ? "follows" : "refuses"} ${status} on ${method}`, async () => {
    const { transport, requests } = pointing({ [HOME]: STORAGE }, status);
    const result = redirect(transport)(makeRequest(HOME, { method }));
    if (follows) {
      await (await result).body?.cancel();
      assertEquals(requests.map(({ method }) => method), [method, method]);
    } else {
      const error = await assertRejects(() => result, ProtocolError);
      assertEquals(error.code, "REDIRECT_METHOD");
      assertEquals(requests.length, 1);
    }
  });
}

Deno.test("redirect() opens an upload's source again", async () => {
  const bodies: string[] = [];
  const { transport } = recorder(async (request, count) => {
    bodies.push(await bodyText(request));
    return count === 1
      ? new Response(null, { status: 307, headers: { location: STORAGE } })
      : new Response(null, { status: 201 });
  });
  const response = await redirect(transport)(
    makeRequest(HOME, { method: "PUT", body: toSource("layer") }),
  );
  assertEquals(response.status, 201);
  assertEquals(bodies, ["layer", "layer"]);
});

const REFUSED: [string, string, string, string][] = [
  [
    "from https to http",
    HOME,
    "http://registry.example/x",
    "REDIRECT_DOWNGRADE",
  ],
  ["to another scheme", HOME, "file:///etc/passwd", "REDIRECT_FORBIDDEN"],
  ["to a malformed URL", HOME, "https://[/", "REDIRECT_INVALID"],
  ["to itself", HOME, HOME, "REDIRECT_LOOP"],
  ...[
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "0.0.0.0",
    "10.1.2.3",
    "100.100.100.200",
    "169.254.169.254",
    "172.31.0.1",
    "192.168.0.1",
    "[::]",
    "[::1]",
    "[fe80::1]",
    "[fd00:ec2::254]",
    "[::ffff:127.0.0.1]",
    "[::ffff:a9fe:a9fe]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "localhost",
    "LOCALHOST.",
    "registry.localhost",
  ].map((host): [string, string, string, string] => [
    `to ${host}`,
    HOME,
    `https://${host}/x`,
    "REDIRECT_PRIVATE",
  ]),
];

for (const [name, from, to, code] of REFUSED) {
  Deno.test(`redirect() refuses a step ${name}`, async () => {
    const { transport, requests } = pointing({ [from]: to });
    const error = await assertRejects(() =>
      redirect(transport)(makeRequest(from, { headers: SECRETS }))
    );
    assert(error instanceof SecurityError || error instanceof ProtocolError);
    assertEquals(error.code, code);
    assertEquals(requests.length, 1);
    assertNoSecret(error, ["s3cret"]);
  });
}

for (
  const host of [
    "172.32.0.1",
    "100.128.0.1",
    "11.0.0.1",
    "[2606:4700::1]",
    "localhost.example",
  ]
) {
  Deno.test(`redirect() follows a step to the public host ${host}`, async () => {
    const { transport } = pointing({ [HOME]: `https://${host}/x` });
    const response = await redirect(transport)(makeRequest(HOME));
    assertEquals(await response.text(), "content");
  });
}

Deno.test("redirect() lets a registry on a private address point to another", async () => {
  const home = "http://127.0.0.1:5000/v2/";
  const { transport } = pointing({ [home]: "http://10.0.0.7:9000/x" });
  const response = await redirect(transport)(makeRequest(home));
  assertEquals(await response.text(), "content");
});

Deno.test("redirect() names the proxy header where TLS is lost", async () => {
  const { transport } = pointing({ [HOME]: "http://registry.example/x" });
  const error = await assertRejects(
    () => redirect(transport)(makeRequest(HOME)),
    SecurityError,
  );
  assert(error.hint?.includes("X-Forwarded-Proto"));
});

Deno.test("redirect() ends a chain that is too long, and a circle", async () => {
  const endless = recorder(({ url }) => {
    const location = `/${Number(url.pathname.slice(1)) + 1}`;
    return new Response(null, { status: 302, headers: { location } });
  });
  const layer = redirect(endless.transport, { maxRedirects: 4 });
  const error = await assertRejects(
    () => layer(makeRequest("https://registry.example/0")),
    ProtocolError,
  );
  assertEquals([error.code, endless.requests.length], ["REDIRECT_LOOP", 5]);
  const circle = pointing({ [HOME]: STORAGE, [STORAGE]: HOME });
  await assertRejects(
    () => redirect(circle.transport)(makeRequest(HOME)),
    ProtocolError,
    "circle",
  );
});

Deno.test("redirect() follows as many redirects as it may", async () => {
  const { transport } = recorder(({ url }) => {
    const count = Number(url.pathname.slice(1));
    const headers = { location: `/${count + 1}` };
    return count < 10
      ? new Response(null, { status: 302, headers })
      : new Response("end");
  });
  const response = await redirect(transport)(
    makeRequest("https://registry.example/0"),
  );
  assertEquals(await response.text(), "end");
});

Deno.test("redirect() passes other answers with a Location on", async () => {
  for (const status of [201, 202, 304]) {
    const { transport } = recorder(() =>
      new Response(null, { status, headers: { location: STORAGE } })
    );
    const response = await redirect(transport)(makeRequest(HOME));
    assertEquals(response.status, status);
  }
});

Deno.test("redirect() takes user information out of a Location", async () => {
  const { transport, requests } = pointing({
    [HOME]: "https://me:s3cret@storage.example/x",
  });
  await (await redirect(transport)(makeRequest(HOME))).text();
  assertEquals(requests[1]!.url.href, "https://storage.example/x");
});

Deno.test("redirect() reports each step without secrets", async () => {
  const events: ClientEvent[] = [];
  const { transport } = pointing({ [HOME]: STORAGE });
  const layer = redirect(transport, { onEvent: (event) => events.push(event) });
  await (await layer(makeRequest(HOME, { headers: SECRETS }))).text();
  assertEquals(events, [{
    type: "redirect",
    method: "GET",
    status: 307,
    from: HOME,
    to: "https://storage.example/blob?signature=*****",
  }]);
});
