import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type ClientEvent,
  CredentialError,
  type CredentialStore,
  DeniedError,
  fixedCredentials,
  ProtocolError,
  type RegistryClient,
  type RegistryError,
  SecurityError,
  UnauthorizedError,
} from "@gantry/oci/distribution";
import { assertNoSecret } from "./_layers.ts";
import { AuthWorld } from "./_auth_world.ts";

const PASSWORD = { username: "mé", password: "s3cret:pä55" };
const BASIC = `Basic ${
  btoa(String.fromCharCode(...new TextEncoder().encode("mé:s3cret:pä55")))
}`;
const SECRETS = ["s3cret", BASIC.slice(6)];

/** Lists the tags of a repository, which asks for leave to pull. */
async function pull(
  { registry }: AuthWorld,
  client: RegistryClient,
  name = "team/app",
): Promise<string[]> {
  assert(client.registry === registry);
  return await Array.fromAsync(client.repository(name).tags.list());
}

Deno.test("authorize() posts a password where the service knows no GET", async () => {
  for (const status of [404, 405]) {
    const world = new AuthWorld({
      token: ({ method }) =>
        method === "GET"
          ? new Response(null, { status })
          : Response.json({ access_token: "t0ken" }),
    });
    const client = world.client({ credentials: fixedCredentials(PASSWORD) });
    assertEquals(await pull(world, client), ["v1"]);
    const [get, post] = world.tokenRequests;
    assertEquals(get!.authorization, BASIC);
    assertEquals([post!.method, post!.authorization], ["POST", null]);
    assertEquals(Object.fromEntries(post!.form), {
      grant_type: "password",
      service: "registry",
      client_id: "gantry",
      scope: "repository:team/app:pull",
      username: "mé",
      password: "s3cret:pä55",
    });
  }
});

Deno.test("authorize() tells what GET was answered where the service knows no POST either", async () => {
  const world = new AuthWorld({
    token: ({ method }) =>
      Response.json({ errors: [{ code: `NO_${method}` }] }, {
        status: method === "GET" ? 404 : 405,
      }),
  });
  const client = world.client({ credentials: fixedCredentials(PASSWORD) });
  const error = await assertRejects(() => pull(world, client));
  assertEquals((error as RegistryError).code, "NO_GET");
  assertNoSecret(error, SECRETS);
});

Deno.test("authorize() posts no password that GET was refused, and none of nobody", async () => {
  for (const credentials of [fixedCredentials(PASSWORD), undefined]) {
    const status = credentials === undefined ? 405 : 403;
    const world = new AuthWorld({
      token: () => new Response(null, { status }),
    });
    const client = world.client({ credentials });
    await assertRejects(() => pull(world, client));
    assertEquals(world.tokenRequests.map(({ method }) => method), ["GET"]);
  }
});

Deno.test("authorize() shows the identity token that it was given last", async () => {
  let current = "s3cret-1";
  let count = 1;
  const world = new AuthWorld({
    token({ form }) {
      if (form.get("refresh_token") !== current) {
        return Response.json({ error: "invalid_grant" }, { status: 400 });
      }
      current = `s3cret-${++count}`;
      return Response.json({ token: `t0ken-${count}`, refresh_token: current });
    },
  });
  const credentials = fixedCredentials({ identityToken: "s3cret-1" });
  const client = world.client({ credentials });
  for (const name of ["a", "b", "c"]) await pull(world, client, name);
  world.forgetTokens();
  await pull(world, client, "a");
  assertEquals(
    world.tokenRequests.map(({ form }) => form.get("refresh_token")),
    ["s3cret-1", "s3cret-2", "s3cret-3", "s3cret-4"],
  );
  // Who takes back all of them is asked with the stored one again.
  current = "other";
  world.forgetTokens();
  await assertRejects(() => pull(world, client, "a"));
  current = "s3cret-1";
  assertEquals(await pull(world, client, "a"), ["v1"]);
});

Deno.test("authorize() gets a wider token where 403 says that the scope was too narrow", async () => {
  const world = new AuthWorld({
    answer: ({ scopes }) =>
      scopes.includes("repository:team/app:delete,pull") ? undefined : {
        status: 403,
        challenge:
          `error="insufficient_scope",scope="repository:team/app:delete"`,
      },
  });
  const client = world.client();
  assertEquals(await pull(world, client), ["v1"]);
  assertEquals(world.tokenRequests.map(({ scopes }) => scopes), [
    ["repository:team/app:pull"],
    ["repository:team/app:delete,pull"],
  ]);
});

Deno.test("authorize() takes 403 for an answer where no challenge asks for more", async () => {
  const answers = [
    { status: 403, challenge: undefined },
    { status: 403, challenge: `error="invalid_token"` },
    {
      status: 403,
      challenge: `error="insufficient_scope",scope="repository:team/app:pull"`,
    },
  ];
  for (const answer of answers) {
    const world = new AuthWorld({ answer: () => answer });
    const client = world.client();
    const error = await assertRejects(() => pull(world, client), DeniedError);
    assertEquals(world.tokenRequests.length, 1);
    assertEquals(
      error.scope,
      answer.challenge?.includes("scope=")
        ? "repository:team/app:pull"
        : undefined,
    );
    // The token was understood, and goes on to serve.
    await assertRejects(() => pull(world, client), DeniedError);
    assertEquals([world.tokenRequests.length, world.seen.length], [1, 3]);
  }
});

Deno.test("RegistryClient ends a loop of 401 with an error that names the scope", async () => {
  const world = new AuthWorld({
    answer: () => ({
      status: 401,
      challenge: `error="insufficient_scope",scope="repository:team/app:push"`,
    }),
  });
  const client = world.client({ credentials: fixedCredentials(PASSWORD) });
  const error = await assertRejects(
    () => pull(world, client),
    UnauthorizedError,
  );
  assertEquals(error.scope, "repository:team/app:push");
  assert(
    error.message.includes("and asks for scope repository:team/app:push"),
    error.message,
  );
  assertEquals(world.tokenRequests.map(({ scopes }) => scopes), [
    ["repository:team/app:pull"],
    ["repository:team/app:pull,push"],
  ]);
  assertNoSecret(error, SECRETS);
});

Deno.test("RegistryError names no secret that stands in a challenge's scope", async () => {
  const world = new AuthWorld({
    answer: () => ({
      status: 401,
      challenge: `scope="s3cret:pä55 x"`,
    }),
  });
  const client = world.client({
    credentials: fixedCredentials({ username: "me", password: "s3cret" }),
  });
  const error = await assertRejects(
    () => pull(world, client),
    UnauthorizedError,
  );
  assertNoSecret(error, SECRETS);
});

Deno.test("authorize() asks a store for each repository where it tells them apart", async () => {
  const asked: (string | undefined)[] = [];
  const credentials: CredentialStore = {
    byRepository: true,
    get(_, options) {
      asked.push(options?.repository);
      const username = (options?.repository ?? "ping").replace("/", "-");
      return Promise.resolve({ username, password: "s3cret" });
    },
  };
  const world = new AuthWorld();
  const client = world.client({ credentials });
  for (const name of ["a/x", "b/x", "a/x"]) await pull(world, client, name);
  await client.ping();
  assertEquals(asked, ["a/x", "b/x", undefined]);
  assertEquals(
    world.tokenRequests.map(({ authorization, scopes }) => [
      atob(authorization!.slice(6)),
      ...scopes,
    ]),
    [
      ["a-x:s3cret", "repository:a/x:pull"],
      ["b-x:s3cret", "repository:b/x:pull"],
      ["ping:s3cret"],
    ],
  );
});

Deno.test("authorize() shows a repository's own Basic credential", async () => {
  const credentials: CredentialStore = {
    byRepository: true,
    get: (_, { repository = "" } = {}) =>
      Promise.resolve({ username: repository, password: "s3cret" }),
  };
  const world = new AuthWorld({ basic: true });
  const client = world.client({ credentials });
  for (const name of ["a", "b", "a"]) await pull(world, client, name);
  assertEquals(
    world.seen.map(({ authorization }) =>
      authorization && atob(authorization.slice(6))
    ),
    [null, "a:s3cret", "b:s3cret", "a:s3cret"],
  );
});

Deno.test("authorize() refuses a user name that Basic cannot carry", async () => {
  for (const basic of [true, false]) {
    const world = new AuthWorld({ basic });
    const client = world.client({
      credentials: fixedCredentials({ username: "a:b", password: "s3cret" }),
    });
    const error = await assertRejects(
      () => pull(world, client),
      CredentialError,
    );
    assertEquals(error.code, "CREDENTIAL_INVALID");
    assertEquals([world.seen.length, world.tokenRequests.length], [1, 0]);
    assertNoSecret(error, SECRETS);
  }
});

Deno.test("authorize() gets one token for many at once, though the first of them leaves", async () => {
  const gate = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  const world = new AuthWorld({
    async token() {
      arrived.resolve();
      await gate.promise;
      return Response.json({ token: "t0ken" });
    },
  });
  const client = world.client({ credentials: fixedCredentials(PASSWORD) });
  const { tags } = client.repository("team/app");
  const first = new AbortController();
  const left = assertRejects(
    () => Array.fromAsync(tags.list({ signal: first.signal })),
    Error,
    "enough",
  );
  await arrived.promise;
  const others = Array.from({ length: 8 }, () => Array.fromAsync(tags.list()));
  first.abort(new Error("enough"));
  await left;
  gate.resolve();
  assertEquals(await Promise.all(others), Array(8).fill(["v1"]));
  assertEquals(world.tokenRequests.length, 1);
});

const CHALLENGES = [
  'Bearer realm="REALM",service="registry"',
  "Bearer realm=REALM,service=registry",
  'realm="REALM",service="registry",scope="repository:team/app:pull"',
  'Basic realm="x", Bearer realm="REALM", service="registry"',
  'Negotiate, Bearer realm="REALM",service="registry", Basic realm="x"',
  'Digest realm="a,b", nonce="Bearer realm=no", Bearer service="registry",realm="REALM"',
];

for (const challenge of CHALLENGES) {
  Deno.test(`RegistryClient answers the challenge ${challenge}`, async () => {
    const world = new AuthWorld({ challenge });
    const client = world.client({ credentials: fixedCredentials(PASSWORD) });
    assertEquals(await pull(world, client), ["v1"]);
    const [request] = world.tokenRequests;
    assertEquals(
      [request!.authorization, request!.service, request!.scopes],
      [BASIC, "registry", ["repository:team/app:pull"]],
    );
  });
}

Deno.test("RegistryClient follows no token service to another origin with a secret", async () => {
  const elsewhere = new AuthWorld({}, {
    registry: "elsewhere.example",
    tokens: "tokens.example",
  });
  const location = `http://${elsewhere.registry}/token`;
  for (
    const credential of [PASSWORD, { identityToken: "s3cret" }]
  ) {
    for (const status of [307, 308]) {
      const world = new AuthWorld({
        token: () => new Response(null, { status, headers: { location } }),
      });
      const client = world.client({
        credentials: fixedCredentials(credential),
      });
      const error = await assertRejects(
        () => pull(world, client),
        SecurityError,
      );
      assertNoSecret(error, SECRETS);
      assertEquals([world.tokenRequests.length, elsewhere.seen.length], [1, 0]);
    }
  }
});

Deno.test("RegistryClient tells once of a token service elsewhere, and can be forbidden it", async () => {
  const world = new AuthWorld();
  const events: ClientEvent[] = [];
  const credentials = fixedCredentials(PASSWORD);
  const client = world.client({
    credentials,
    onEvent: (event) => events.push(event),
  });
  for (const name of ["a", "b"]) await pull(world, client, name);
  assertEquals(events.map(({ type }) => type), [
    "foreign-realm",
    "token",
    "token",
  ]);
  assertNoSecret(events, SECRETS);
  const strict = world.client({ credentials, allowedRealms: [world.registry] });
  const count = world.tokenRequests.length;
  const error = await assertRejects(() => pull(world, strict), SecurityError);
  assertEquals(error.code, "REALM_FORBIDDEN");
  assertEquals(world.tokenRequests.length, count);
});

Deno.test("RegistryClient shows a registry token as it is, and a token of the scope that was given", async () => {
  const world = new AuthWorld();
  const first = world.client({
    authScope: "repository:*:pull registry:catalog:*",
  });
  await pull(world, first, "a");
  await pull(world, first, "b");
  assertEquals(world.tokenRequests.map(({ scopes }) => scopes), [
    ["registry:catalog:*", "repository:*:pull"],
  ]);
  const second = world.client({
    credentials: fixedCredentials({ registryToken: "t0ken-1" }),
  });
  assertEquals(await pull(world, second, "c"), ["v1"]);
  assertEquals(world.tokenRequests.length, 1);
  const wrong = world.client({
    credentials: fixedCredentials({ registryToken: "s3cret" }),
  });
  const error = await assertRejects(
    () => pull(world, wrong),
    UnauthorizedError,
  );
  assertEquals(world.tokenRequests.length, 1);
  assertNoSecret(error, SECRETS);
});

const UNUSABLE: [string, () => Response][] = [
  [
    "a token with a line break",
    () => Response.json({ token: "s3cret\r\nx-evil: 1" }),
  ],
  ["a token that is no ASCII", () => Response.json({ token: "s3crét" })],
  ["a token that is a number", () => Response.json({ token: 7 })],
  ["HTML", () => new Response("<html>s3cret</html>")],
  ["a list", () => Response.json(["s3cret"])],
  [
    "a token of 200 KB",
    () => Response.json({ token: "s3cret".repeat(33_000) }),
  ],
  ["nothing", () => new Response(null, { status: 204 })],
  [
    "gzip that is none",
    () =>
      new Response(new Uint8Array([0x1f, 0x8b, 1, 2, 3]), {
        headers: { "content-encoding": "x-gzip" },
      }),
  ],
];

for (const [name, token] of UNUSABLE) {
  Deno.test(`RegistryClient refuses a token service that answers ${name}`, async () => {
    const world = new AuthWorld({ token });
    const client = world.client({ credentials: fixedCredentials(PASSWORD) });
    const error = await assertRejects(() => pull(world, client), ProtocolError);
    assertEquals(world.seen.length, 1);
    assertNoSecret(error, SECRETS);
  });
}
