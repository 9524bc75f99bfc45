import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  fixedCredentials,
  fromHandler,
  SecurityError,
} from "@gantry/oci/distribution";
import {
  Client,
  type ClientOptions,
  METHODS,
  Request,
} from "@gantry/oci/distribution/reggie";
import { inspect } from "../_support/inspect.ts";
import { mockRegistry } from "./_reggie_mock.ts";

/** A client of a function, at `https://registry.example`. */
function open(
  handler: (request: globalThis.Request) => Response | Promise<Response>,
  options: ClientOptions = {},
): Client {
  const transport = fromHandler(handler);
  return new Client("https://registry.example", { transport, ...options });
}

function challenge(header: string): Response {
  return new Response(null, {
    status: 401,
    headers: { "www-authenticate": header },
  });
}

/** The names without those of headers that a request does not show in a browser. */
function shownHere(...names: string[]): string[] {
  const probe = new Headers(names.map((name) => [name, "1"]));
  const { headers } = new globalThis.Request("https://registry.example", {
    headers: probe,
  });
  return names.filter((name) => headers.has(name));
}

const BEARER = 'Bearer realm="https://registry.example/auth",service="s"';

Deno.test("Client() refuses what is no address", () => {
  const addresses = [
    "",
    "localhost:5000",
    "registry.example",
    "xwejknxw://jshnws",
    "file:///tmp",
    "http://",
    "https://me:pw@registry.example",
    "https://registry.example/?a=b",
    "https://registry.example/#a",
  ];
  for (const address of addresses) {
    const error = assertThrows(() => new Client(address), TypeError);
    assert(!error.message.includes("pw"), error.message);
  }
});

Deno.test("Client() refuses options that do not go together", () => {
  const transport = fromHandler(() => new Response());
  const cases: ClientOptions[] = [
    { username: "me" },
    { password: "pw" },
    {
      username: "me",
      password: "pw",
      credentials: { get: () => Promise.resolve(undefined) },
    },
    { insecure: true, transport },
  ];
  for (const options of cases) {
    assertThrows(
      () => new Client("https://registry.example", options),
      TypeError,
    );
  }
});

Deno.test("Client.config tells what was given, and defaults", () => {
  const debug = () => {};
  const given = {
    username: "me",
    password: "pw",
    authScope: "repository:a:pull",
    defaultName: "team/app",
    debug,
    userAgent: "my-agent",
    insecure: false,
  };
  const client = new Client("https://registry.example/", given);
  const { config } = client;
  const { password, ...shown } = given;
  const address = "https://registry.example";
  assertEquals(
    JSON.parse(JSON.stringify(config)),
    JSON.parse(JSON.stringify({ address, ...shown })),
  );
  assertEquals([config.password, config.debug], [password, debug]);
  const plain = new Client("http://localhost:5000", { userAgent: "" });
  assertEquals(plain.config.debug, false);
  assertEquals(plain.config.insecure, false);
  assert(/^gantry\/\d+\.\d+\.\d+$/.test(plain.config.userAgent));
});

Deno.test("Client.config does not show the password where it is printed", () => {
  const client = new Client("https://registry.example", {
    username: "me",
    password: "s3cr3t",
  });
  const { config } = client;
  const shown = [
    inspect(client),
    inspect(config),
    JSON.stringify(config),
    JSON.stringify({ ...config }),
  ];
  for (const text of shown) assert(!text.includes("s3cr3t"), text);
});

Deno.test("Client.newRequest() joins paths with the address", () => {
  const cases = [
    ["http://h:1", "/v2/", "http://h:1/v2/"],
    ["http://h:1/", "v2/", "http://h:1/v2/"],
    ["http://h", "/v2/a/blobs/uploads/", "http://h/v2/a/blobs/uploads/"],
    ["http://h/base", "/v2/", "http://h/base/v2/"],
    ["http://h/base/", "/v2/", "http://h/base/v2/"],
    // As a relative Location has it.
    ["http://h/base", "/base/v2/a?b=c", "http://h/base/v2/a?b=c"],
    ["http://h/base", "/basement", "http://h/base/basement"],
    ["http://h", "//evil.example/v2/", "http://h//evil.example/v2/"],
    ["http://h", "https://other.example/a?b", "https://other.example/a?b"],
  ] as const;
  for (const [address, path, expected] of cases) {
    assertEquals(new Client(address).newRequest("GET", path).url, expected);
  }
});

Deno.test("Client.newRequest() fills placeholders, its own name before the client's", () => {
  const client = new Client("http://h", { defaultName: "testname" });
  const path = "/v2/<name>/x/<reference>/<digest>/<session_id>";
  const url = (options = {}) => client.newRequest("GET", path, options).url;
  assertEquals(
    url({ reference: "silly", digest: "sha256:a", sessionId: "1=" }),
    "http://h/v2/testname/x/silly/sha256:a/1=",
  );
  const tail = "/x/<reference>/<digest>/<session_id>";
  assertEquals(url({ name: "other/app" }), `http://h/v2/other/app${tail}`);
  assertEquals(url({ name: "" }), `http://h/v2/testname${tail}`);
  const before = client.newRequest("GET", path);
  client.setDefaultName("changed");
  assertEquals(url(), `http://h/v2/changed${tail}`);
  assertEquals(before.url, `http://h/v2/testname${tail}`);
});

Deno.test("Client.newRequest() keeps a value in its place", () => {
  const client = new Client("http://h");
  const url = (reference: string) =>
    client.newRequest("GET", "/v2/a/<reference>", { reference }).url;
  assertEquals(url("a?b#c"), "http://h/v2/a/a%3Fb%23c");
  assertEquals(url("a/b"), "http://h/v2/a/a/b");
  for (const value of ["..", "../x", "a/../b", "a/.", "%2e%2E", "a\\..\\b"]) {
    assertThrows(() => url(value), TypeError, "leads out of the path");
  }
});

Deno.test("Client.newRequest() takes the seven methods and no other", () => {
  const client = new Client("http://h");
  for (const method of METHODS) {
    assertEquals(client.newRequest(method, "/").method, method);
  }
  for (const method of ["get", "TRACE", "CONNECT", "PUT ", ""]) {
    assertThrows(() => client.newRequest(method as "GET", "/"), TypeError);
    const request = client.newRequest("GET", "/");
    assertThrows(() => request.setMethod(method as "GET"), TypeError);
  }
});

Deno.test("Client.newRequest() refuses an empty path, as a missing Location gives", async () => {
  const client = open(() => new Response());
  const response = await client.do(client.newRequest("POST", "/v2/"));
  assertEquals(response.getRelativeLocation(), "");
  assertEquals(response.getAbsoluteLocation(), "");
  assertThrows(
    () => client.newRequest("PUT", response.getRelativeLocation()),
    TypeError,
    "missing Location",
  );
});

Deno.test("Client.do() refuses a placeholder without a value, and a malformed URL", async () => {
  const client = open(() => new Response());
  const cases = [
    ["/v2/<name>/tags/list", "<name>"],
    ["/v2/a/manifests/<reference>", "<reference>"],
    ["/v2/a/blobs/<digest>", "<digest>"],
    ["/v2/a/blobs/uploads/<session_id>", "<session_id>"],
    ["/v2/a/<digest>/<reference>/<digest>", "<digest> and <reference>"],
    ["/v2///tags/list", "malformed"],
    ["http://:0", "malformed"],
  ] as const;
  for (const [path, text] of cases) {
    await assertRejects(
      () => client.do(client.newRequest("GET", path)),
      TypeError,
      text,
    );
  }
});

Deno.test("Request setters chain, and change what is sent", async () => {
  const seen: string[] = [];
  const client = open(async (request) => {
    seen.push(`${request.method} ${request.url} ${await request.text()}`);
    seen.push(request.headers.get("authorization") ?? "none");
    return new Response();
  });
  const request = client.newRequest("GET", "/v2/");
  assert(request instanceof Request);
  const chained = request.setMethod("PATCH").setUrl("/v2/x?_state=a%2Fb==")
    .setHeader("X-Team", "one").setHeader("x-team", "two")
    .setQueryParam("digest", "sha256:a").setQueryParam("digest", "sha256:b")
    .setBody({ b: 1, a: [null, "<&>"], layers: [] })
    .setRetryCallback(() => {}).setBasicAuth("me", "p:ä");
  assertEquals(chained, request);
  assertEquals(request.headers.get("x-team"), "two");
  request.headers.set("x-team", "three");
  assertEquals(request.headers.get("x-team"), "two");
  await client.do(request);
  await client.do(request.setAuthToken("abc").setBody("text"));
  const url = "https://registry.example/v2/x?_state=a%2Fb==&digest=sha256%3Ab";
  assertEquals(seen, [
    `PATCH ${url} {"b":1,"a":[null,"<&>"],"layers":[]}`,
    `Basic ${btoa("me:p:\xc3\xa4")}`,
    `PATCH ${url} text`,
    "Bearer abc",
  ]);
});

Deno.test("Request.setAuthToken() does not show a token that it refuses", () => {
  const request = new Client("http://h").newRequest("GET", "/");
  const error = assertThrows(() => request.setAuthToken("s3cr3t\n"), TypeError);
  assert(!error.message.includes("s3cr3t"));
});

Deno.test("Request.setBody() takes bytes, blobs and sources, and refuses streams", async () => {
  const client = open(async (request) =>
    new Response(
      `${request.headers.get("content-length") ?? hidden} ${await request
        .text()}`,
    )
  );
  const hidden = shownHere("content-length").length === 0 ? "3" : "none";
  const bytes = new TextEncoder().encode("äb");
  const bodies = [
    "äb",
    bytes,
    new Blob([bytes]),
    { size: 3, open: () => new Blob([bytes]).stream() },
  ];
  for (const body of bodies) {
    const request = client.newRequest("PUT", "/").setBody(body);
    assertEquals(await (await client.do(request)).text(), "3 äb");
  }
  const request = client.newRequest("PUT", "/");
  for (const body of [new Blob([]).stream(), bytes.buffer, () => 1]) {
    assertThrows(() => request.setBody(body), TypeError);
  }
});

Deno.test("Client.do() refuses a Content-Length that is not the body's", async () => {
  const hidden = shownHere("content-length").length === 0 ? "0" : "none";
  const client = open((request) =>
    new Response(`${request.headers.get("content-length") ?? hidden}`)
  );
  const request = client.newRequest("POST", "/")
    .setHeader("Content-Length", "0");
  assertEquals(await (await client.do(request)).text(), "0");
  await assertRejects(
    () => client.do(request.setBody("abc")),
    TypeError,
    "its Content-Length is 0, and its body has 3 bytes",
  );
});

Deno.test("Response gives locations with and without the host", async () => {
  const cases = [
    ["/v2/a?b=c", "/v2/a?b=c", "https://registry.example/v2/a?b=c"],
    ["http://other/v2/a", "/v2/a", "http://other/v2/a"],
    ["a/b", "/v2/a/b", "https://registry.example/v2/a/b"],
    ["http://:0", "", ""],
  ] as const;
  for (const [location, relative, absolute] of cases) {
    const client = open(() =>
      new Response(null, { status: 202, headers: { location } })
    );
    const response = await client.do(client.newRequest("POST", "/v2/x"));
    assertEquals(response.getRelativeLocation(), relative);
    assertEquals(response.getAbsoluteLocation(), absolute);
  }
});

Deno.test("Response.errors() reads problems also of a success, and none where there are none", async () => {
  const info = {
    code: "BLOB_UNKNOWN",
    message: "blob unknown to registry",
    detail: "lol",
  };
  const cases: [string, unknown][] = [
    [JSON.stringify({ errors: [info] }), [info]],
    [JSON.stringify({ errors: [{ code: "A" }] }), [{ code: "A" }]],
    [JSON.stringify({ errors: [] }), []],
    ['{"a":1}', []],
    ["null", []],
    ["<html>", []],
    ["", []],
  ];
  for (const [body, expected] of cases) {
    const client = open(() => new Response(body));
    const response = await client.do(client.newRequest("GET", "/"));
    assertEquals(await response.errors(), expected, body);
  }
});

Deno.test("Response reads its body once, bounded", async () => {
  const body = '{"a":1}';
  const client = open(() =>
    new Response(body, { headers: { "content-length": "7" } })
  );
  const get = () => client.do(client.newRequest("GET", "/v2/?s=secret"));
  assertEquals(await (await get()).json(), { a: 1 });
  assertEquals(await (await get()).text(), body);
  assertEquals(await (await get()).bytes(), new TextEncoder().encode(body));
  assertEquals(await new Response((await get()).body).text(), body);
  const response = await get();
  await assertRejects(() => response.bytes({ limit: 6 }), Error, "larger");
  assert(response.bodyUsed);
  const error = await assertRejects(() => response.json(), TypeError, "before");
  assert(!error.message.includes("secret"));
  await assertRejects(() => response.errors(), TypeError, "before");
  await response.cancel();
});

Deno.test("Client.do() takes the access_token of a service", async () => {
  const server = mockRegistry({ member: "access_token" });
  const client = new Client(server.url, {
    transport: server.transport,
    username: "testuser",
    password: "testpass",
  });
  const request = client.newRequest("PUT", "/v2/a/manifests/b").setBody("abc");
  assertEquals((await client.do(request)).status, 201);
});

Deno.test("Client.do() asks a token for authScope, whatever the challenge names", async () => {
  const server = mockRegistry();
  const client = new Client(server.url, {
    transport: server.transport,
    username: "testuser",
    password: "testpass",
    authScope: "repository:mystuff/myrepo:pull,push",
  });
  const request = client.newRequest("PUT", "/v2/a/manifests/b").setBody("abc");
  assertEquals((await client.do(request)).status, 201);
  assertEquals(
    server.seen[1]?.target,
    "/auth?service=testservice&scope=repository%3Amystuff%2Fmyrepo%3Apull%2Cpush",
  );
});

Deno.test("Client.do() keeps the token for later requests", async () => {
  const server = mockRegistry();
  const client = new Client(server.url, {
    transport: server.transport,
    username: "testuser",
    password: "testpass",
    authScope: "x",
  });
  const request = client.newRequest("PUT", "/v2/a/manifests/b").setBody("abc");
  await client.do(request);
  await client.do(request);
  assertEquals(
    server.seen.map(({ method }) => method),
    ["PUT", "GET", "PUT", "PUT"],
  );
});

Deno.test("Client.do() repeats a refused request once, and only after a challenge", async () => {
  const cases: [string | undefined, number][] = [
    [undefined, 1],
    ["Negotiate", 1],
    ['Basic realm="x"', 2],
    [BEARER, 2],
    // As the guide of oci-python shows it, and django-oci sends it.
    ['realm="https://registry.example/auth",service="s",scope="pull,push"', 2],
  ];
  for (const [header, expected] of cases) {
    let sent = 0;
    const client = open((request) => {
      if (new URL(request.url).pathname === "/auth") {
        return Response.json({ token: "t" });
      }
      sent++;
      return header === undefined
        ? new Response(null, { status: 401 })
        : challenge(header);
    }, { username: "me", password: "pw" });
    const response = await client.do(client.newRequest("GET", "/v2/"));
    assertEquals(response.isUnauthorized, true);
    assertEquals(sent, expected, header);
  }
});

Deno.test("Client.do() lets the retry callback replace the body", async () => {
  const server = mockRegistry();
  const client = new Client(server.url, {
    transport: server.transport,
    username: "testuser",
    password: "testpass",
  });
  let calls = 0;
  const request = client.newRequest("PUT", "/v2/a/manifests/b", {
    retryCallback: (request) => {
      calls++;
      request.setBody("changed").setHeader("Content-Length", "7")
        .setQueryParam("a", "b");
    },
  }).setHeader("Content-Length", "3").setBody("abc");
  const response = await client.do(request);
  assertEquals(response.status, 201);
  assertEquals(calls, 1);
  assertEquals(
    server.seen.map(({ target, body }) => `${target} ${body}`),
    [
      "/v2/a/manifests/b abc",
      "/auth?service=testservice&scope=pull%2Cpush ",
      "/v2/a/manifests/b?a=b changed",
    ],
  );
});

Deno.test("Client.do() ends with what the retry callback throws, before a token is asked for", async () => {
  const server = mockRegistry();
  const client = new Client(server.url, server);
  const request = client.newRequest("PUT", "/v2/a/manifests/b").setBody("abc")
    .setRetryCallback(() => Promise.reject(new Error("ruhroh")));
  await assertRejects(() => client.do(request), Error, "ruhroh");
  assertEquals(server.seen.length, 1);
});

Deno.test("Client.do() sends authorization of the retry callback as it is", async () => {
  const server = mockRegistry();
  const client = new Client(server.url, server);
  const request = client.newRequest("PUT", "/v2/a/manifests/b").setBody("abc")
    .setRetryCallback((request) => void request.setAuthToken("abc123"));
  assertEquals((await client.do(request)).status, 201);
  assertEquals(server.seen.length, 2);
});

Deno.test("Client.do() redirects what the retry callback made of the request", async () => {
  const seen: string[] = [];
  const client = open(async (request) => {
    const { host, pathname } = new URL(request.url);
    if (pathname === "/auth") return Response.json({ token: "t" });
    const { headers } = request;
    const shown = ["content-type", "x-key"].map((name) => headers.get(name));
    seen.push(`${host} ${shown} ${await request.text()}`);
    if (host !== "registry.example") return new Response();
    return headers.has("authorization")
      ? Response.redirect("https://storage.example/", 307)
      : challenge(BEARER);
  });
  const request = client.newRequest("PUT", "/v2/").setBody("abc")
    .setRetryCallback((request) => {
      request.setBody("changed").setHeader("Content-Type", "text/plain")
        .setHeader("X-Key", "secret");
    });
  await client.do(request);
  assertEquals(seen, [
    "registry.example , abc",
    "registry.example text/plain,secret changed",
    "storage.example text/plain, changed",
  ]);
});

Deno.test("Client.do() shows no secret to where a retry callback leads", async () => {
  const seen: string[] = [];
  const client = open((request) => {
    const { host, pathname } = new URL(request.url);
    if (pathname === "/auth") return Response.json({ token: "t" });
    seen.push(`${host} ${request.headers.get("authorization")}`);
    return host === "registry.example" ? challenge(BEARER) : new Response();
  }, { username: "me", password: "pw" });
  const request = client.newRequest("GET", "/v2/").setRetryCallback(
    (request) => void request.setUrl("https://evil.example/"),
  );
  await client.do(request);
  assertEquals(seen, ["registry.example null", "evil.example null"]);
});

Deno.test("Client.do() keeps a user's headers from where a redirect leads", async () => {
  let forwarded = new Headers();
  const client = open((request) => {
    const { host } = new URL(request.url);
    if (host === "registry.example") {
      return Response.redirect("https://storage.example/x?sig=1", 307);
    }
    forwarded = new Headers(request.headers);
    return new Response();
  });
  const request = client.newRequest("PUT", "/v2/").setBody("abc")
    .setHeader("Content-Type", "text/plain").setHeader("Range", "bytes=0-1")
    .setHeader("X-Team-Key", "secret").setAuthToken("abc");
  await client.do(request);
  assertEquals(
    [...forwarded.keys()],
    shownHere("content-length", "content-type", "range", "user-agent"),
  );
});

Deno.test("Client.do() follows 20 redirects, and no more", async () => {
  let count = 0;
  const client = open((request) => {
    const left = Number(new URL(request.url).searchParams.get("left"));
    count++;
    return left === 0
      ? new Response("there")
      : Response.redirect(`https://registry.example/?left=${left - 1}`, 307);
  });
  const get = (left: number) =>
    client.do(client.newRequest("GET", `/?left=${left}`));
  assertEquals(await (await get(20)).text(), "there");
  assertEquals(count, 21);
  await assertRejects(() => get(21), Error, "more than 20 redirects");
});

Deno.test("Client.do() refuses a realm that may not see the password", async () => {
  const client = open(
    () => challenge('Bearer realm="http://127.0.0.1:1/auth"'),
    { username: "me", password: "s3cr3t" },
  );
  const error = await assertRejects(
    () => client.do(client.newRequest("GET", "/v2/")),
    SecurityError,
  );
  assert(!error.message.includes("s3cr3t"));
});

Deno.test("Client.do() adds no Accept and no Content-Type by itself", async () => {
  const seen: string[][] = [];
  const client = open((request) => {
    seen.push([...request.headers.keys()]);
    return new Response();
  });
  await client.do(client.newRequest("GET", "/v2/"));
  await client.do(client.newRequest("PUT", "/v2/").setBody({ a: 1 }));
  await client.do(
    client.newRequest("GET", "/v2/").setHeader("Accept", "text/plain")
      .setHeader("User-Agent", "mine"),
  );
  assertEquals(seen, [
    shownHere("user-agent"),
    shownHere("content-length", "user-agent"),
    shownHere("accept", "user-agent"),
  ]);
});

Deno.test("Client.do() reports requests and answers, and no secrets", async () => {
  const lines: string[] = [];
  const client = open((request) => {
    if (new URL(request.url).pathname === "/auth") {
      return Response.json({ token: "s3cr3t-token" });
    }
    return request.headers.has("authorization")
      ? new Response(null, {
        status: 202,
        headers: { location: "/v2/up?state=s3cr3t-state" },
      })
      : challenge(BEARER);
  }, {
    username: "me",
    password: "s3cr3t-password",
    debug: (line) => lines.push(line),
  });
  await client.do(
    client.newRequest("POST", "/v2/a?b=s3cr3t-query").setHeader("X-A", "b"),
  );
  assertEquals(lines.length, 6);
  assertEquals(
    lines[0],
    `> POST https://registry.example/v2/a?b=*****; user-agent: ${client.config.userAgent}; x-a: b`,
  );
  assertEquals(lines[5], "< 202; location: /v2/up?state=*****");
  assert(!/s3cr3t|czNjcj/.test(lines.join("\n")), lines.join("\n"));
});

Deno.test("no error shows a secret that the registry or its token service quotes", async () => {
  const cases: [ClientOptions, string][] = [
    [{ username: "me", password: "s3cr3t-pw" }, "Basic"],
    [{ username: "me", password: "s3cr3t-pw" }, BEARER],
    [
      { credentials: fixedCredentials({ identityToken: "s3cr3t-it" }) },
      BEARER,
    ],
  ];
  for (const [options, header] of cases) {
    const client = open(async (request) => {
      const shown = request.headers.get("authorization");
      const quoted = `${shown} ${
        atob(shown?.split(" ")[1] ?? "")
      } ${await request
        .text()}`;
      if (new URL(request.url).pathname === "/auth") {
        return request.method === "POST"
          ? Response.json({ error: quoted }, { status: 400 })
          : Response.json({ token: "s3cr3t00" });
      }
      return shown === null ? challenge(header) : Response.json(
        { errors: [{ code: "DENIED", message: quoted, detail: [quoted] }] },
        { status: 403 },
      );
    }, options);
    const told = await client.do(client.newRequest("GET", "/v2/"))
      .then((response) => response.errors(), (error) => error);
    const text = inspect(told);
    assert(/DENIED|REGISTRY|400/.test(text), text);
    assert(!/s3cr3t|czNjc/.test(text), text);
  }
});

Deno.test("no error shows a secret that a redirect quotes", async () => {
  const client = open((request) => {
    const shown = request.headers.get("authorization");
    return shown === null
      ? challenge("Basic")
      : Response.redirect(`http://registry.example/s3cr3t-pw/${shown}`, 307);
  }, { username: "me", password: "s3cr3t-pw" });
  const error = await assertRejects(
    () => client.do(client.newRequest("GET", "/v2/")),
    SecurityError,
  );
  const text = inspect(error);
  assert(!/s3cr3t|czNjc/.test(text), text);
});

Deno.test("Client.do() reports to the console where debug is true", async () => {
  const lines: unknown[] = [];
  const { console } = globalThis;
  try {
    globalThis.console = { ...console, error: (line) => lines.push(line) };
    const client = open(() => new Response(), { debug: true });
    await client.do(client.newRequest("GET", "/v2/"));
  } finally {
    globalThis.console = console;
  }
  assertEquals(lines.length, 2);
});

Deno.test("Client.do() ends with the signal's reason", async () => {
  const reason = new Error("enough");
  const abort = new AbortController();
  const client = open(() => {
    abort.abort(reason);
    return new Promise<Response>(() => {});
  });
  const request = client.newRequest("GET", "/v2/");
  const { signal } = abort;
  for (let times = 0; times < 2; times++) {
    const error = await assertRejects(() => client.do(request, { signal }));
    assertEquals(error, reason);
  }
});
