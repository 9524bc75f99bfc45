import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import {
  authorize,
  type AuthorizeOptions,
} from "../../distribution/auth/authorize.ts";
import type {
  Credential,
  CredentialStore,
} from "../../distribution/credential.ts";
import {
  chainCredentials,
  fixedCredentials,
} from "../../distribution/credentials.ts";
import { CredentialError } from "../../distribution/credential_error.ts";
import {
  ProtocolError,
  RateLimitError,
  RegistryError,
  SecurityError,
  UnauthorizedError,
} from "../../distribution/errors.ts";
import type { ClientEvent } from "../../distribution/events.ts";
import { toSource } from "../../distribution/source.ts";
import type { TransportRequest } from "../../distribution/transport.ts";
import {
  assertNoSecret,
  bodyText,
  makeRequest,
  recorder,
  rejection,
} from "./_layers.ts";

const REGISTRY = "https://registry.example";
const REALM = "https://auth.example/token";
const PASSWORD: Credential = { username: "me", password: "s3cret:pw" };
const BASIC = `Basic ${btoa("me:s3cret:pw")}`;
const SECRETS = ["s3cret", BASIC.slice(6), "tok3n"];
const PULL = ["repository:app:pull"];

/** What a scripted registry with a token service does. */
interface Script {
  /** The challenge of a 401. */
  readonly challenge?: string;
  /** What the token service answers; `tok3n-N` for the Nth request where not given. */
  readonly token?: (
    request: TransportRequest,
    count: number,
  ) => Response | Promise<Response>;
  /** Whether a request to the registry is let in; any authorization is where not given. */
  readonly accepts?: (
    authorization: string,
    request: TransportRequest,
  ) => boolean;
}

/** A world of one registry and one token service, its log, and the layer under test. */
function world(script: Script, options: Partial<AuthorizeOptions> = {}) {
  const { accepts = (text) => text !== "" } = script;
  const challenge = script.challenge ??
    `Bearer realm="${REALM}",service="registry.example",scope="repository:app:pull"`;
  const events: ClientEvent[] = [];
  const tokenRequests: TransportRequest[] = [];
  const origin = options.origin ?? new URL(REGISTRY);
  const { transport, requests } = recorder(async (request) => {
    if (/^\/token/.test(request.url.pathname)) {
      tokenRequests.push(request);
      const count = tokenRequests.length;
      return await script.token?.(request, count) ??
        Response.json({ token: `tok3n-${count}`, expires_in: 300 });
    }
    const authorization = request.headers.get("authorization") ?? "";
    return accepts(authorization, request)
      ? new Response(`welcome ${authorization}`)
      : new Response("who are you", {
        status: 401,
        headers: { "www-authenticate": challenge },
      });
  });
  const layer = authorize(transport, {
    registry: "registry.example",
    onEvent: (event) => events.push(event),
    ...options,
    origin,
  });
  async function get(init: Parameters<typeof makeRequest>[1] = {}) {
    const url = new URL("/v2/app/manifests/latest", origin).href;
    const response = await layer(makeRequest(url, { scopes: PULL, ...init }));
    return { status: response.status, text: await response.text() };
  }
  return { layer, requests, tokenRequests, events, get };
}

Deno.test("authorize() shows nothing before it is asked", async () => {
  let looked = 0;
  const credentials: CredentialStore = {
    get() {
      looked++;
      return Promise.resolve(PASSWORD);
    },
  };
  const { get, requests } = world({ accepts: () => true }, { credentials });
  assertEquals(await get(), { status: 200, text: "welcome " });
  assertEquals([requests.length, looked], [1, 0]);
});

Deno.test("authorize() answers a Basic challenge, and remembers it", async () => {
  const credentials = fixedCredentials(PASSWORD);
  const { get, requests } = world(
    { challenge: 'Basic realm="x"' },
    { credentials },
  );
  assertEquals(await get(), { status: 200, text: `welcome ${BASIC}` });
  assertEquals(await get(), { status: 200, text: `welcome ${BASIC}` });
  assertEquals(requests.length, 3);
});

Deno.test("authorize() gives the 401 back where it has nothing to show", async () => {
  const challenges = ['Basic realm="x"', "", "Negotiate", "Bearer scope=x"];
  for (const challenge of challenges) {
    const { get, requests } = world({ challenge });
    assertEquals(await get(), { status: 401, text: "who are you" });
    assertEquals(requests.length, 1);
  }
});

Deno.test("authorize() gives the 401 back where Basic is wrong", async () => {
  const { get, requests } = world(
    { challenge: 'Basic realm="x"', accepts: () => false },
    { credentials: fixedCredentials(PASSWORD) },
  );
  assertEquals((await get()).status, 401);
  assertEquals(requests.length, 2);
});

Deno.test("authorize() reads a rejected password again, once", async () => {
  let current = "old";
  let looked = 0;
  const credentials: CredentialStore = {
    get() {
      looked++;
      return Promise.resolve({ username: "me", password: current });
    },
  };
  let wanted = "old";
  const { get, requests } = world({
    challenge: "Basic",
    accepts: (text) => text === `Basic ${btoa(`me:${wanted}`)}`,
  }, { credentials });
  assertEquals((await get()).status, 200);
  wanted = current = "new";
  assertEquals((await get()).status, 200);
  wanted = "unknown";
  assertEquals((await get()).status, 401);
  assertEquals([looked, requests.length], [3, 5]);
});

Deno.test("authorize() gets an anonymous token, and keeps it", async () => {
  const { get, requests, tokenRequests, events } = world({});
  assertEquals((await get()).text, "welcome Bearer tok3n-1");
  assertEquals((await get()).text, "welcome Bearer tok3n-1");
  assertEquals([requests.length, tokenRequests.length], [4, 1]);
  const [token] = tokenRequests;
  assertEquals(token!.method, "GET");
  assertEquals(
    token!.url.href,
    `${REALM}?service=registry.example&scope=repository%3Aapp%3Apull`,
  );
  assertEquals(token!.headers.get("authorization"), null);
  assertEquals(events, [{
    type: "token",
    registry: "registry.example",
    realm: REALM,
    scopes: PULL,
    anonymous: true,
  }]);
});

Deno.test("authorize() asks with Basic for a password, and with no header of the registry's", async () => {
  const { get, tokenRequests, events } = world(
    {},
    { credentials: fixedCredentials(PASSWORD) },
  );
  const headers = {
    "user-agent": "gantry-test",
    "x-api-key": "s3cret",
    cookie: "s3cret",
    accept: "application/x",
  };
  assertEquals((await get({ headers })).status, 200);
  assertEquals(Object.fromEntries(tokenRequests[0]!.headers), {
    accept: "application/json",
    authorization: BASIC,
    "user-agent": "gantry-test",
  });
  assertEquals(events.map(({ type }) => type), ["foreign-realm", "token"]);
  assertNoSecret(events, SECRETS);
});

Deno.test("authorize() posts an identity token as a form", async () => {
  const identityToken = "s3cret/&=+";
  const { get, tokenRequests } = world(
    { token: () => Response.json({ access_token: "tok3n" }) },
    { credentials: fixedCredentials({ identityToken }), clientId: "quay-side" },
  );
  const scopes = ["repository:b:pull", "repository:app:push"];
  assertEquals((await get({ scopes })).text, "welcome Bearer tok3n");
  const [request] = tokenRequests;
  assertEquals([request!.method, request!.url.href], ["POST", REALM]);
  assertEquals(request!.headers.get("authorization"), null);
  assertEquals(
    request!.headers.get("content-type"),
    "application/x-www-form-urlencoded",
  );
  const form = new URLSearchParams(await bodyText(request!));
  assertEquals(Object.fromEntries(form), {
    grant_type: "refresh_token",
    service: "registry.example",
    client_id: "quay-side",
    scope: "repository:app:pull,push repository:b:pull",
    refresh_token: identityToken,
  });
});

Deno.test("authorize() sends a registry token as it is", async () => {
  const { get, requests, tokenRequests } = world(
    {},
    { credentials: fixedCredentials({ registryToken: "tok3n" }) },
  );
  assertEquals((await get()).text, "welcome Bearer tok3n");
  assertEquals((await get({ scopes: [] })).text, "welcome Bearer tok3n");
  assertEquals([requests.length, tokenRequests.length], [3, 0]);
});

Deno.test("authorize() shows no registry token that a header cannot carry", async () => {
  const { get, requests } = world(
    {},
    { credentials: fixedCredentials({ registryToken: "tok3n\ntok3n" }) },
  );
  const error = await rejection(get());
  assert(error instanceof CredentialError);
  assertEquals(error.code, "CREDENTIAL_INVALID");
  assertNoSecret(error, SECRETS);
  assertEquals(requests.length, 1);
});

Deno.test("authorize() prefers a token to the password itself", async () => {
  const { get } = world(
    { challenge: `Basic realm="x", Bearer realm="${REALM}"` },
    { credentials: fixedCredentials(PASSWORD) },
  );
  assertEquals((await get()).text, "welcome Bearer tok3n-1");
});

Deno.test("authorize() keeps the query of a realm, and takes a relative one", async () => {
  const signed = `${REALM}?sig=a%20b%2F`;
  const first = world({ challenge: `Bearer realm="${signed}",service=s` });
  await first.get();
  assertEquals(
    first.tokenRequests[0]!.url.href,
    `${signed}&service=s&scope=repository%3Aapp%3Apull`,
  );
  const second = world({ challenge: 'Bearer realm="/token"' });
  await second.get({ scopes: [] });
  assertEquals(second.tokenRequests[0]!.url.href, `${REGISTRY}/token`);
});

Deno.test("authorize() asks for the scopes of request and challenge together", async () => {
  const { get, requests, tokenRequests } = world({
    challenge: `Bearer realm="${REALM}",scope="repository:app:pull,push"`,
  });
  const scopes = ["repository:other:pull", "repository:app:pull"];
  await get({ scopes });
  assertEquals(tokenRequests[0]!.url.searchParams.getAll("scope"), [
    "repository:app:pull,push",
    "repository:other:pull",
  ]);
  // The wider token serves the same request again, and narrower ones.
  await get({ scopes });
  await get({ scopes: PULL });
  assertEquals([tokenRequests.length, requests.length], [1, 5]);
});

Deno.test("authorize() gets one token per scope set, before it is asked again", async () => {
  const { get, requests, tokenRequests } = world({
    challenge: `Bearer realm="${REALM}",service="s"`,
  });
  assertEquals(
    (await get({ scopes: ["repository:a:pull"] })).text,
    "welcome Bearer tok3n-1",
  );
  assertEquals(
    (await get({ scopes: ["repository:b:pull"] })).text,
    "welcome Bearer tok3n-2",
  );
  assertEquals(
    (await get({ scopes: ["repository:a:pull"] })).text,
    "welcome Bearer tok3n-1",
  );
  assertEquals(tokenRequests.length, 2);
  assertEquals(requests.length - tokenRequests.length, 4);
});

Deno.test("authorize() gets a wider token where a fresh one was too narrow", async () => {
  const { get, tokenRequests } = world({
    challenge: `Bearer realm="${REALM}",scope="repository:app:delete,pull"`,
    accepts: (text) => /tok3n-[13]$/.test(text),
  });
  assertEquals((await get()).text, "welcome Bearer tok3n-1");
  const scopes = ["repository:app:push"];
  assertEquals((await get({ scopes })).text, "welcome Bearer tok3n-3");
  assertEquals(
    tokenRequests.map(({ url }) => url.searchParams.get("scope")),
    [
      "repository:app:delete,pull",
      "repository:app:push",
      "repository:app:delete,pull,push",
    ],
  );
});

Deno.test("authorize() renews a token before it expires", async () => {
  let now = Date.UTC(2030, 0, 1);
  const { get, requests, tokenRequests } = world({}, { clock: () => now });
  await get();
  now += 269_000; // of 300 s, 30 s before the end are not used
  await get();
  assertEquals(tokenRequests.length, 1);
  now += 2_000;
  assertEquals((await get()).text, "welcome Bearer tok3n-2");
  assertEquals(requests.length, 6); // no 401 in between
});

const LIFETIMES: [string, Record<string, unknown>, string | null, number][] = [
  ["no expires_in", {}, null, 50_000],
  ["a short expires_in", { expires_in: 5 }, null, 50_000],
  ["a text expires_in", { expires_in: "600" }, null, 570_000],
  ["a senseless expires_in", { expires_in: "soon" }, null, 50_000],
  ["a negative expires_in", { expires_in: -7 }, null, 50_000],
  [
    "an old issued_at",
    {
      expires_in: 600,
      issued_at: "2029-12-31T23:55:00Z",
    },
    null,
    270_000,
  ],
  [
    "an issued_at in the future",
    {
      expires_in: 600,
      issued_at: "2031-01-01T00:00:00Z",
    },
    null,
    570_000,
  ],
  [
    "a skewed clock",
    {
      expires_in: 600,
      issued_at: "2020-01-01T00:00:00Z",
    },
    "Wed, 01 Jan 2020 00:00:10 GMT",
    560_000,
  ],
];

for (const [name, reply, date, usable] of LIFETIMES) {
  Deno.test(`authorize() uses a token with ${name} for ${usable} ms`, async () => {
    let now = Date.UTC(2030, 0, 1);
    const { get, tokenRequests } = world({
      token: () =>
        Response.json({ token: "tok3n", ...reply }, {
          headers: date === null ? {} : { date },
        }),
    }, { clock: () => now });
    await get();
    now += usable - 1;
    await get();
    assertEquals(tokenRequests.length, 1);
    now += 1;
    await get();
    assertEquals(tokenRequests.length, 2);
  });
}

Deno.test("authorize() replaces a token that is rejected early, and re-opens the body", async () => {
  const bodies: string[] = [];
  let valid = "Bearer tok3n-1";
  const { get, requests, tokenRequests } = world({
    accepts: (text) => text === valid,
  });
  await get();
  valid = "Bearer tok3n-2";
  const body = toSource("layer");
  assertEquals((await get({ method: "PUT", body })).status, 200);
  for (const request of requests) {
    if (request.method === "PUT") bodies.push(await bodyText(request));
  }
  assertEquals(bodies, ["layer", "layer"]);
  assertEquals(tokenRequests.length, 2);
});

Deno.test("authorize() gives the second 401 to the caller", async () => {
  const { get, requests, tokenRequests } = world({ accepts: () => false });
  assertEquals(await get(), { status: 401, text: "who are you" });
  assertEquals([requests.length, tokenRequests.length], [3, 1]);
});

Deno.test("authorize() ends with a registry that changes its mind each time", async () => {
  let count = 0;
  const { transport, requests } = recorder(({ url }) => {
    if (url.pathname === "/token") return Response.json({ token: `t${count}` });
    const scope = `repository:app${count++}:pull`;
    const challenge = `Bearer realm="${REALM}",scope="${scope}"`;
    const headers = { "www-authenticate": challenge };
    return new Response(null, { status: 401, headers });
  });
  const origin = new URL(REGISTRY);
  const layer = authorize(transport, { registry: "registry.example", origin });
  assertEquals((await layer(makeRequest(`${REGISTRY}/v2/`))).status, 401);
  assert(requests.length <= 6);
});

Deno.test("authorize() shares one token among requests of the same time", async () => {
  let release = () => {};
  const gate = new Promise<void>((resolve) => release = resolve);
  const { get, tokenRequests } = world({
    async token() {
      await gate;
      return Response.json({ token: "tok3n" });
    },
  });
  const all = Promise.all(Array.from({ length: 5 }, () => get()));
  await new Promise((resolve) => setTimeout(resolve));
  release();
  assertEquals((await all).map(({ status }) => status), Array(5).fill(200));
  assertEquals(tokenRequests.length, 1);
});

Deno.test("authorize() lets one leave the shared token request, and ends it with the last", async () => {
  let release = () => {};
  const gate = new Promise<void>((resolve) => release = resolve);
  let inner: AbortSignal | undefined;
  const { get } = world({
    async token({ signal }) {
      inner = signal;
      await gate;
      return Response.json({ token: "tok3n" });
    },
  });
  const [first, second] = [new AbortController(), new AbortController()];
  const one = get({ signal: first.signal });
  const other = get({ signal: second.signal });
  await new Promise((resolve) => setTimeout(resolve));
  const reason = new Error("enough");
  first.abort(reason);
  assertStrictEquals(await rejection(one), reason);
  assertEquals(inner?.aborted, false);
  release();
  assertEquals((await other).status, 200);
});

Deno.test("authorize() aborts the token request when nobody waits", async () => {
  let inner: AbortSignal | undefined;
  const { get } = world({
    token({ signal }) {
      inner = signal;
      return new Promise((_, reject) =>
        signal!.addEventListener("abort", () => reject(signal!.reason))
      );
    },
  });
  const controller = new AbortController();
  const pending = get({ signal: controller.signal });
  await new Promise((resolve) => setTimeout(resolve));
  const reason = new Error("enough");
  controller.abort(reason);
  assertStrictEquals(await rejection(pending), reason);
  assertEquals(inner?.aborted, true);
});

Deno.test("authorize() leaves other origins, and requests with their own way, alone", async () => {
  const { layer, requests } = world(
    { challenge: "Basic" },
    { credentials: fixedCredentials(PASSWORD) },
  );
  await (await layer(makeRequest(`${REGISTRY}/v2/`))).text();
  const untouched = [
    makeRequest("http://registry.example/v2/"),
    makeRequest("https://registry.example:8443/v2/"),
    makeRequest("https://storage.example/v2/"),
    makeRequest(`${REGISTRY}/v2/`, { anonymous: true }),
  ];
  for (const request of untouched) {
    const count = requests.length;
    assertEquals((await layer(request)).status, 401);
    assertEquals(requests.slice(count), [request]);
  }
  const headers = { authorization: "Bearer mine" };
  const own = await layer(makeRequest(`${REGISTRY}/v2/`, { headers }));
  assertEquals(await own.text(), "welcome Bearer mine");
});

/** Origin, realm, options, and whether a credential may go there. */
const REALMS: [string, string, Partial<AuthorizeOptions>, boolean][] = [
  [REGISTRY, "https://registry.example/token", {}, true],
  [REGISTRY, "https://auth.other.example/token", {}, true],
  [REGISTRY, "http://registry.example/token", {}, false],
  [REGISTRY, "http://auth.example/token", {}, false],
  [REGISTRY, "https://localhost/token", {}, false],
  [REGISTRY, "https://a.localhost/token", {}, false],
  [REGISTRY, "https://127.0.0.1/token", {}, false],
  [REGISTRY, "https://127.1:8443/token", {}, false],
  [REGISTRY, "https://2130706433/token", {}, false],
  [REGISTRY, "https://0x7f000001/token", {}, false],
  [REGISTRY, "https://0300.0250.1/token", {}, false],
  [REGISTRY, "https://169.254.169.254/token", {}, false],
  [REGISTRY, "https://10.0.0.1/token", {}, false],
  [REGISTRY, "https://[::1]/token", {}, false],
  [REGISTRY, "https://[::ffff:10.0.0.1]/token", {}, false],
  [REGISTRY, "https://[fe80::1]/token", {}, false],
  [REGISTRY, "https://8.8.8.8/token", {}, true],
  ["http://registry.example", "http://auth.example/token", {}, true],
  ["http://registry.example", "https://auth.example/token", {}, true],
  ["http://registry.example", "http://127.0.0.1/token", {}, false],
  ["http://127.0.0.1:5000", "http://127.0.0.1:5001/token", {}, true],
  ["http://localhost:5000", "http://[::1]:5001/token", {}, true],
  ["https://10.1.1.1", "https://auth.example/token", {}, true],
  ["https://10.1.1.1", "http://10.1.1.1/token", {}, false],
  [REGISTRY, REALM, { allowedRealms: ["AUTH.example"] }, true],
  [REGISTRY, REALM, { allowedRealms: ["auth.example:443"] }, true],
  [REGISTRY, REALM, { allowedRealms: ["auth.example:8443"] }, false],
  [REGISTRY, REALM, { allowedRealms: ["example", "b.auth.example"] }, false],
  [REGISTRY, REALM, { allowedRealms: [] }, false],
  [REGISTRY, `${REGISTRY}/token`, { allowedRealms: [] }, true],
];

for (const [origin, realm, options, allowed] of REALMS) {
  const restricted = options.allowedRealms
    ? `, allowed: [${options.allowedRealms}]`
    : "";
  const title = `${realm} from ${origin}${restricted}`;
  Deno.test(`authorize() ${allowed ? "sends" : "refuses to send"} a credential to ${title}`, async () => {
    for (const credential of [PASSWORD, { identityToken: "s3cret" }]) {
      const { get, tokenRequests, events } = world(
        { challenge: `Bearer realm="${realm}?x=s3cret"` },
        {
          ...options,
          origin: new URL(origin),
          credentials: fixedCredentials(credential),
        },
      );
      if (allowed) {
        assertEquals((await get()).status, 200);
        const isForeign = new URL(realm).host !== new URL(origin).host;
        const types = events.map(({ type }) => type);
        assertEquals(types.includes("foreign-realm"), isForeign);
      } else {
        const error = await assertRejects(() => get(), SecurityError);
        assertEquals(error.code, "REALM_FORBIDDEN");
        assert(error.message.includes(`${new URL(realm).href}?x=*****`));
        assertEquals(tokenRequests.length, 0);
        assertNoSecret([error, events], SECRETS);
      }
    }
  });
}

Deno.test("authorize() asks any realm for an anonymous token", async () => {
  for (
    const realm of ["http://auth.example/token", "https://127.0.0.1/token"]
  ) {
    const { get, tokenRequests } = world({
      challenge: `Bearer realm="${realm}"`,
    });
    assertEquals((await get()).status, 200);
    assertEquals(tokenRequests[0]!.headers.get("authorization"), null);
  }
});

Deno.test("authorize() refuses a realm that is no web URL", async () => {
  for (const realm of ["file:///token", "https://[/token", "data:,x"]) {
    const { get } = world({ challenge: `Bearer realm="${realm}"` });
    const error = await assertRejects(() => get(), ProtocolError);
    assertEquals(error.code, "CHALLENGE_INVALID");
  }
});

Deno.test("authorize() follows a token service's redirect within its origin only", async () => {
  for (const credential of [PASSWORD, { identityToken: "s3cret" }]) {
    const credentials = fixedCredentials(credential);
    const inside = world({
      token: (_, count) =>
        count === 1
          ? new Response(null, {
            status: 307,
            headers: { location: "/token/" },
          })
          : Response.json({ token: "tok3n" }),
    }, { credentials });
    assertEquals((await inside.get()).status, 200);
    assertEquals(inside.tokenRequests.length, 2);
    for (
      const location of [
        "https://evil.example/token",
        "http://auth.example/token",
      ]
    ) {
      const outside = world({
        token: () => new Response(null, { status: 307, headers: { location } }),
      }, { credentials });
      const error = await assertRejects(() => outside.get(), SecurityError);
      assertEquals(outside.tokenRequests.length, 1);
      assertNoSecret(error, SECRETS);
    }
  }
});

const BAD_REPLIES: [string, () => Response, string][] = [
  ["no JSON", () => new Response("tok3n"), "TOKEN_INVALID"],
  ["no object", () => Response.json("tok3n"), "TOKEN_INVALID"],
  [
    "no token",
    () => Response.json({ token: "", id: "tok3n" }),
    "TOKEN_INVALID",
  ],
  [
    "a token with a line break",
    () => Response.json({ token: "tok3n\r\nx: y" }),
    "TOKEN_INVALID",
  ],
  ["an endless reply", () =>
    new Response(
      new ReadableStream({
        pull: (controller) =>
          controller.enqueue(new Uint8Array(65_536).fill(32)),
      }),
    ), "BODY_TOO_LARGE"],
];

for (const [name, reply, code] of BAD_REPLIES) {
  Deno.test(`authorize() fails on a token service that gives ${name}`, async () => {
    const { get, events } = world(
      { token: reply },
      { credentials: fixedCredentials(PASSWORD) },
    );
    const error = await assertRejects(() => get(), ProtocolError);
    assertEquals(error.code, code);
    assert(error.message.includes(REALM));
    assertNoSecret([error, events], SECRETS);
    assertNoSecret(error, SECRETS);
  });
}

Deno.test("authorize() names realm and status where the token service refuses", async () => {
  const bodies: [string, string][] = [
    [
      '{"errors":[{"code":"UNAUTHORIZED","message":"bad password"}]}',
      "401 UNAUTHORIZED: bad password",
    ],
    [
      '{"error":"invalid_grant","error_description":"expired"}',
      "401 invalid_grant: expired",
    ],
    [
      '{"details":"incorrect username or password"}',
      "401 UNKNOWN: incorrect username or password",
    ],
    ["<html>no", "401"],
    [
      `{"errors":[{"code":"X","message":"${BASIC}","detail":"s3cret:pw"}]}`,
      "401 X",
    ],
    ['{"errors":[{"code":"X","message":"not s3cret:pw"}]}', "401 X"],
    [`{"errors":[{"code":"X"}]}${" ".repeat(70_000)}`, "401"],
  ];
  for (const [body, expected] of bodies) {
    const { get, events } = world(
      { token: () => new Response(body, { status: 401 }) },
      { credentials: fixedCredentials(PASSWORD) },
    );
    const error = await assertRejects(() => get(), UnauthorizedError);
    assert(error.message.startsWith(`Cannot get a token from ${REALM}: `));
    assert(error.message.endsWith(expected), error.message);
    assertNoSecret(error, SECRETS);
    assertNoSecret(events, SECRETS);
  }
});

Deno.test("authorize() tells how long a token service wants to be left alone", async () => {
  const headers = { "retry-after": "17" };
  const { get } = world({
    token: () => new Response(null, { status: 429, headers }),
  });
  const error = await assertRejects(() => get(), RateLimitError);
  assertEquals(error.retryAfter, 17_000);
});

Deno.test("authorize() tries again after a token service's failure", async () => {
  const { get } = world({
    token: (_, count) =>
      count === 1
        ? new Response(null, { status: 503 })
        : Response.json({ token: "tok3n" }),
  });
  await assertRejects(() => get(), RegistryError);
  assertEquals((await get()).status, 200);
});

Deno.test("authorize() asks for its own scope, whatever request and challenge name", async () => {
  const { get, tokenRequests } = world({}, {
    scope: "repository:other:push,pull registry:catalog:*",
  });
  await get();
  await get({ scopes: ["repository:else:delete"] });
  assertEquals(
    tokenRequests.map(({ url }) => url.searchParams.getAll("scope")),
    [["registry:catalog:*", "repository:other:pull,push"]],
  );
});

Deno.test("authorize() tells a request of its challenge once, and sends what that makes of it", async () => {
  const { get, requests, tokenRequests } = world({ accepts: () => false });
  let calls = 0;
  const onChallenge = (request: TransportRequest) => {
    calls++;
    assertEquals(tokenRequests.length, 0, "before a token is asked for");
    const headers = new Headers(request.headers);
    headers.set("x-team", "harbour");
    return { ...request, headers };
  };
  assertEquals((await get({ onChallenge })).status, 401);
  assertEquals(calls, 1);
  assertEquals(requests.at(-1)?.headers.get("x-team"), "harbour");
  assertEquals(requests.at(-1)?.headers.get("authorization"), "Bearer tok3n-1");
});

Deno.test("authorize() leaves a request without a challenge alone", async () => {
  const { transport } = recorder(() => new Response(null, { status: 401 }));
  const layer = authorize(transport, {
    registry: "registry.example",
    origin: new URL(REGISTRY),
  });
  const onChallenge = (): never => {
    throw new Error("called");
  };
  const response = await layer(makeRequest(REGISTRY, { onChallenge }));
  assertEquals(response.status, 401);
});

Deno.test("authorize() passes on what a store throws", async () => {
  const error = new Error("locked");
  const { get } = world({}, {
    credentials: { get: () => Promise.reject(error) },
  });
  assertStrictEquals(await rejection(get()), error);
});

Deno.test("authorize() looks a credential up by the registry's name", async () => {
  const names: string[] = [];
  const { get } = world({ challenge: "Basic" }, {
    registry: "docker.io",
    origin: new URL("https://registry-1.docker.io"),
    credentials: {
      get(registry) {
        names.push(registry);
        return Promise.resolve(PASSWORD);
      },
    },
  });
  await get();
  assertEquals(names, ["docker.io"]);
});

Deno.test("chainCredentials() asks in turn, fixedCredentials() for its registry", async () => {
  const store = chainCredentials(
    fixedCredentials(PASSWORD, { registry: "a.example" }),
    fixedCredentials({ registryToken: "t" }, { registry: "b.example" }),
  );
  assertEquals(await store.get("a.example"), PASSWORD);
  assertEquals(await store.get("b.example"), { registryToken: "t" });
  assertEquals(await store.get("c.example"), undefined);
});

Deno.test("authorize() marks what goes to a token service elsewhere, so that no certificate is shown there", async () => {
  for (
    const [realm, elsewhere] of [[REALM, true], [
      `${REGISTRY}/token`,
      undefined,
    ]]
  ) {
    const { get, tokenRequests } = world({
      challenge: `Bearer realm="${realm}"`,
    });
    assertEquals((await get()).status, 200);
    assertEquals(tokenRequests.map(({ anonymous }) => anonymous), [elsewhere]);
  }
});
