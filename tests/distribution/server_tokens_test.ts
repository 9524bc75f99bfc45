import {
  acceptTokens,
  type AcceptTokensOptions,
  type Action,
  createRegistry,
  issueTokens,
  permissions,
  type RegistryServer,
  type RegistryServerOptions,
} from "@gantry/oci/distribution/server";
import { fromHandler, RegistryClient } from "@gantry/oci/distribution";
import {
  assertEquals,
  assertFalse,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from "jose";
import { errorCode, type Registry } from "./_registries.ts";
import { authenticate, basic, visitor } from "./_visitors.ts";

interface TokenAnswer {
  readonly token: string;
  readonly access_token: string;
  readonly expires_in: number;
  readonly issued_at: string;
}

function own(options: RegistryServerOptions = {}): RegistryServer {
  return createRegistry({ authenticate, tokens: issueTokens(), ...options });
}

/** Asks for a token as docker does. */
async function askToken(
  registry: RegistryServer,
  scope: string,
  authorization?: string,
): Promise<TokenAnswer> {
  const headers = authorization === undefined ? {} : { authorization };
  const response = await visitor(registry, headers)
    .call(`/auth/token?service=gantry&scope=${encodeURIComponent(scope)}`);
  assertEquals(response.status, 200);
  return await response.json();
}

function bearing(registry: RegistryServer, token: string): Registry {
  return visitor(registry, { authorization: `Bearer ${token}` });
}

async function begin(registry: Registry, repository = "app"): Promise<number> {
  const path = `/v2/${repository}/blobs/uploads/`;
  return (await registry.head(path, { method: "POST" })).status;
}

Deno.test("issueTokens() challenges with realm, service and scope", async () => {
  const registry = own();
  const digest = `sha256:${"0".repeat(64)}`;
  const cases = [
    ["GET", "/v2/", ""],
    ["GET", "/v2/_catalog", ""],
    ["GET", "/v2/a/b/tags/list", ',scope="repository:a/b:pull"'],
    ["POST", "/v2/a/b/blobs/uploads/", ',scope="repository:a/b:pull,push"'],
    ["PUT", "/v2/app/manifests/x", ',scope="repository:app:pull,push"'],
    [
      "DELETE",
      `/v2/app/blobs/${digest}`,
      ',scope="repository:app:pull,delete"',
    ],
  ] as const;
  for (const [method, path, scope] of cases) {
    const response = await visitor(registry).call(path, { method });
    assertEquals([path, response.status], [path, 401]);
    assertEquals(
      response.headers.get("www-authenticate"),
      `Bearer realm="http://registry.test/auth/token",service="gantry"${scope}`,
    );
    assertEquals(await errorCode(response), "UNAUTHORIZED");
  }
});

Deno.test("issueTokens() hands out what was asked for and is allowed", async () => {
  const permit = permissions([
    { who: ["alice"], repositories: ["app"], actions: ["pull", "push"] },
  ]);
  const registry = own({ permit });
  const answer = await askToken(
    registry,
    "repository:app:pull,push,delete repository:other:pull",
    basic("alice"),
  );
  assertEquals(answer.access_token, answer.token);
  assertEquals(answer.expires_in, 300);
  assertFalse(Number.isNaN(Date.parse(answer.issued_at)));
  const claims = JSON.parse(atob(answer.token.split(".")[1]!));
  assertEquals(claims.access, [
    { type: "repository", name: "app", actions: ["pull", "push"] },
    { type: "repository", name: "other", actions: [] },
  ]);
  assertEquals([claims.sub, claims.iss, claims.aud], [
    "alice",
    "gantry",
    "gantry",
  ]);
  assertEquals(claims.exp - claims.iat, 300);
});

Deno.test("issueTokens() limits a token to its scope", async () => {
  const registry = own();
  const { token } = await askToken(
    registry,
    "repository:app:pull",
    basic("alice"),
  );
  const bearer = bearing(registry, token);
  assertEquals((await bearer.head("/v2/")).status, 200);
  assertEquals((await bearer.head("/v2/app/tags/list")).status, 404);
  const refused = await bearer.head("/v2/app/blobs/uploads/", {
    method: "POST",
  });
  assertEquals(refused.status, 401);
  assertStringIncludes(
    refused.headers.get("www-authenticate")!,
    ',scope="repository:app:pull,push",error="insufficient_scope"',
  );
  assertEquals((await bearer.head("/v2/other/tags/list")).status, 401);
});

Deno.test("issueTokens() refuses what its user may no longer do", async () => {
  const allowed: Action[] = ["pull", "push"];
  const registry = own({ permit: () => allowed });
  const scope = "repository:app:pull,push";
  const { token } = await askToken(registry, scope, basic("alice"));
  const bearer = bearing(registry, token);
  assertEquals(await begin(bearer), 202);
  allowed.pop();
  assertEquals(await begin(bearer), 403);
});

Deno.test("issueTokens() gives those without credentials what anybody may do", async () => {
  const registry = own({ anonymous: ["pull"] });
  const { token } = await askToken(registry, "repository:app:pull,push");
  const bearer = bearing(registry, token);
  assertEquals((await bearer.head("/v2/app/tags/list")).status, 404);
  assertEquals(await begin(bearer), 401);
});

Deno.test("issueTokens() takes docker's form too", async () => {
  const registry = own();
  const post = (form: Record<string, string>) =>
    visitor(registry).call("/auth/token", {
      method: "POST",
      body: new URLSearchParams(form),
    });
  const form = {
    grant_type: "password",
    service: "gantry",
    client_id: "test",
    username: "alice",
    password: "secret",
    scope: "repository:app:pull,push repository:b:pull",
  };
  const answer = await (await post(form)).json();
  assertEquals(await begin(bearing(registry, answer.access_token)), 202);
  const wrong = await post({ ...form, password: "guess" });
  assertEquals(wrong.status, 401);
  await wrong.body?.cancel();
  const refresh = await post({ ...form, grant_type: "refresh_token" });
  assertEquals(refresh.status, 400);
  assertEquals(await errorCode(refresh), "UNSUPPORTED");
  const long = await post({ ...form, scope: "x".repeat(100_000) });
  assertEquals(long.status, 400);
  await long.body?.cancel();
});

Deno.test("issueTokens() refuses wrong credentials and malformed scopes", async () => {
  const registry = own();
  const ask = async (path: string, init: RequestInit = {}) =>
    (await visitor(registry).head(path, init)).status;
  const headers = { authorization: basic("alice", "guess") };
  assertEquals(await ask("/auth/token", { headers }), 401);
  for (const authorization of ["Basic", "Basic !", "Bearer x", "Digest a"]) {
    const status = await ask("/auth/token", { headers: { authorization } });
    assertEquals([authorization, status], [authorization, 401]);
  }
  for (const scope of ["x", "a:b", "repository::pull", "a b:c", "é:a:pull"]) {
    const status = await ask(`/auth/token?scope=${encodeURIComponent(scope)}`);
    assertEquals([scope, status], [scope, 400]);
  }
  const many = "scope=repository:a:pull&".repeat(101);
  assertEquals(await ask(`/auth/token?${many}`), 400);
  assertEquals(await ask("/auth/token", { method: "DELETE" }), 405);
  // Without tokens there is no such endpoint.
  const plain = visitor(createRegistry());
  assertEquals((await plain.head("/auth/token")).status, 404);
});

Deno.test("issueTokens() shares its key among processes, and with nobody else", async () => {
  const key = crypto.getRandomValues(new Uint8Array(32));
  const scope = "repository:app:pull,push";
  const one = own({ tokens: issueTokens({ key }) });
  const { token } = await askToken(one, scope, basic("alice"));
  const two = own({ tokens: issueTokens({ key }) });
  assertEquals(await begin(bearing(two, token)), 202);
  assertEquals(await begin(bearing(own(), token)), 401);
  const service = own({ tokens: issueTokens({ key, service: "other" }) });
  assertEquals(await begin(bearing(service, token)), 401);
  assertThrows(() => issueTokens({ key: new Uint8Array(31) }), RangeError);
  assertThrows(() => issueTokens({ lifetime: 0 }), RangeError);
});

Deno.test("issueTokens() works with the client", async () => {
  const registry = own({ tokens: issueTokens({ lifetime: 60 }) });
  const client = new RegistryClient(
    "registry.test",
    {
      transport: fromHandler(registry.fetch),
      credentials: {
        get: () => Promise.resolve({ username: "alice", password: "secret" }),
      },
      retry: { maxAttempts: 1 },
    } as ConstructorParameters<typeof RegistryClient>[1],
  );
  const { manifests } = client.repository("team/app");
  const bytes = new TextEncoder().encode('{"schemaVersion":2,"manifests":[]}');
  const mediaType = "application/vnd.oci.image.index.v1+json";
  await manifests.put("v1", bytes, { mediaType });
  assertEquals((await manifests.get("v1")).bytes, bytes);
});

const service = "registry.example";
const issuer = "auth.example";
const realm = "https://auth.example/token";
const ES = await generateKeyPair("ES256", { extractable: true });
const RS = await generateKeyPair("RS256", { extractable: true });
const OTHER = await generateKeyPair("ES256", { extractable: true });
const ES_PUBLIC = { ...await exportJWK(ES.publicKey), kid: "es" };
const RS_PEM = await exportSPKI(RS.publicKey);

function foreign(more: Partial<AcceptTokensOptions> = {}): RegistryServer {
  const keys = [ES_PUBLIC, RS_PEM];
  return createRegistry({
    tokens: acceptTokens({ realm, issuer, service, keys, ...more }),
  });
}

/** A token as docker's services make them. */
function sign(
  header: Record<string, unknown>,
  key: CryptoKey | Uint8Array,
  claims: Record<string, unknown> = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({
    iss: issuer,
    aud: service,
    sub: "alice",
    exp: now + 60,
    nbf: now - 1,
    iat: now,
    access: [{ type: "repository", name: "app", actions: ["pull", "push"] }],
    ...claims,
  }).setProtectedHeader({ alg: "ES256", ...header }).sign(key);
}

Deno.test("acceptTokens() takes the tokens of the configured keys", async () => {
  const registry = foreign();
  for (
    const token of [
      await sign({}, ES.privateKey),
      await sign({ kid: "es" }, ES.privateKey),
      await sign({ kid: "unknown" }, ES.privateKey),
      await sign({ alg: "RS256" }, RS.privateKey),
      await sign({ alg: "PS384" }, await rsaPss()),
      await sign({}, ES.privateKey, { aud: ["x", service] }),
    ]
  ) {
    assertEquals(await begin(bearing(registry, token)), 202);
    assertEquals(await begin(bearing(registry, token), "other"), 401);
  }
  const anybody = await visitor(registry).head("/v2/app/tags/list");
  assertEquals(anybody.status, 401);
  assertEquals(
    anybody.headers.get("www-authenticate"),
    `Bearer realm="${realm}",service="${service}",scope="repository:app:pull"`,
  );
});

async function rsaPss(): Promise<CryptoKey> {
  const jwk = await crypto.subtle.exportKey("jwk", RS.privateKey);
  const { alg: _, ...rest } = jwk;
  const algorithm = { name: "RSA-PSS", hash: "SHA-384" };
  return await crypto.subtle.importKey("jwk", rest, algorithm, false, ["sign"]);
}

Deno.test("acceptTokens() refuses every forged token", async () => {
  const registry = foreign();
  const now = Math.floor(Date.now() / 1000);
  const jwk = await exportJWK(OTHER.publicKey);
  const good = await sign({}, ES.privateKey);
  const [head, body, mark] = good.split(".") as [string, string, string];
  const encode = (value: unknown) =>
    btoa(JSON.stringify(value)).replaceAll("=", "");
  const forged: Readonly<Record<string, string>> = {
    "another key": await sign({}, OTHER.privateKey),
    "another key under a known name": await sign(
      { kid: "es" },
      OTHER.privateKey,
    ),
    "a key of its own": await sign({ jwk, kid: "es" }, OTHER.privateKey),
    "a key of its own, no name": await sign({ jwk }, OTHER.privateKey),
    "a URL of its own": await sign(
      { jku: "https://evil.example/jwks", x5u: "https://evil.example/c" },
      OTHER.privateKey,
    ),
    "the public key as a secret": await sign(
      { alg: "HS256" },
      new TextEncoder().encode(RS_PEM),
    ),
    "no signature": `${encode({ alg: "none" })}.${body}.`,
    "no signature, no algorithm": `${encode({})}.${body}.`,
    "its signature cut off": `${head}.${body}.`,
    "another body": `${head}.${encode({ sub: "root" })}.${mark}`,
    "a critical field": await sign(
      { crit: ["x"], x: 1 },
      ES.privateKey,
    ).catch(() => `${encode({ alg: "ES256", crit: ["x"] })}.${body}.${mark}`),
    "expired": await sign({}, ES.privateKey, { exp: now - 60 }),
    "no expiry": await sign({}, ES.privateKey, { exp: undefined }),
    "not yet": await sign({}, ES.privateKey, { nbf: now + 60 }),
    "another issuer": await sign({}, ES.privateKey, { iss: "evil.example" }),
    "another registry": await sign({}, ES.privateKey, { aud: "other" }),
    "no text": "a.b.c",
    "one part": "abc",
    "too long": "a".repeat(70_000),
  };
  for (const [name, token] of Object.entries(forged)) {
    const answer = await bearing(registry, token).head("/v2/app/tags/list");
    assertEquals([name, answer.status], [name, 401]);
  }
  assertEquals(await begin(bearing(registry, good)), 202);
});

Deno.test("acceptTokens() grants nothing by a malformed access claim", async () => {
  const registry = foreign();
  for (
    const access of [
      undefined,
      null,
      "app",
      {},
      [null],
      [{ type: "repository", name: "app" }],
      [{ type: "repository", name: "app", actions: "push" }],
      [{ type: "repository", name: ["app"], actions: ["push"] }],
      [{ type: "registry", name: "app", actions: ["push"] }],
    ]
  ) {
    const token = await sign({}, ES.privateKey, { access });
    assertEquals(await begin(bearing(registry, token)), 401);
  }
});

Deno.test("acceptTokens() takes no secret keys and no weak algorithms", async () => {
  const secret = { kty: "oct", k: "c2VjcmV0" };
  const privateKey = await exportJWK(ES.privateKey);
  const options: Partial<AcceptTokensOptions>[] = [
    { keys: [] },
    { keys: [secret] },
    { keys: [privateKey] },
    { keys: ["-----BEGIN PRIVATE KEY-----"] },
    { algorithms: ["ES256", "none"] },
    { algorithms: ["HS256"] },
  ];
  for (const more of options) {
    const error = assertThrows(() => foreign(more), TypeError);
    assertFalse(error.message.includes("c2VjcmV0"));
  }
  const only = foreign({ algorithms: ["RS256"] });
  const token = await sign({}, ES.privateKey);
  assertEquals(await begin(bearing(only, token)), 401);
});
