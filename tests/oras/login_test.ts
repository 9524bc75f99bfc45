import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "node:path";
import {
  type ClientOptions,
  CredentialError,
  fixedCredentials,
  fromHandler,
  UnauthorizedError,
} from "@gantry/oci/distribution";
import { DockerConfig } from "@gantry/oci/distribution/node";
import {
  type AuthBackend,
  type AuthBackendName,
  Registry,
  type RegistryOptions,
} from "@gantry/oci/oras";
import type { TokenRequestSeen } from "../distribution/_auth_world.ts";
import { ServedAuthWorld } from "../distribution/_served_auth_world.ts";

const ME = { username: "me", password: "s3cret" };
const BASIC = `Basic ${btoa("me:s3cret")}`;

/** A token service that knows one user. */
function onlyMe({ authorization }: TokenRequestSeen): Response {
  return authorization === BASIC
    ? Response.json({ token: `t0ken-${crypto.randomUUID()}` })
    : new Response(null, { status: 401 });
}

function provider(
  world: ServedAuthWorld,
  options: Partial<RegistryOptions> = {},
): Registry {
  return new Registry({
    hostname: world.registry,
    plainHttp: true,
    retry: { maxAttempts: 1 },
    ...options,
  });
}

Deno.test("Registry.login() tries a credential, and uses it until logout()", async () => {
  await using world = new ServedAuthWorld({ token: onlyMe });
  using registry = provider(world);
  await assertRejects(() => registry.getTags("app"), UnauthorizedError);
  await assertRejects(
    () => registry.login({ ...ME, password: "other" }),
    UnauthorizedError,
  );
  await assertRejects(() => registry.getTags("app"), UnauthorizedError);
  await registry.login(ME);
  assertEquals(await registry.getTags("app"), ["v1"]);
  assertEquals(await registry.logout(), true);
  assertEquals(await registry.logout(), false);
  await assertRejects(() => registry.getTags("app"), UnauthorizedError);
});

Deno.test("Registry.login() comes before the provider's credentials, and for its registry only", async () => {
  await using world = new ServedAuthWorld();
  await using other = new ServedAuthWorld();
  const credentials = fixedCredentials({ username: "all", password: "s3cret" });
  using registry = provider(world, { credentials });
  await registry.login(ME, { hostname: world.registry });
  await registry.getTags("app");
  await registry.getTags(`${other.registry}/app`);
  const users = ({ tokenRequests }: ServedAuthWorld) =>
    tokenRequests.map(({ authorization }) => atob(authorization!.slice(6)));
  assertEquals(users(world), ["me:s3cret", "me:s3cret"]);
  assertEquals(users(other), ["all:s3cret"]);
  await registry.logout();
  await registry.getTags("app");
  assertEquals(users(world).at(-1), "all:s3cret");
});

Deno.test("Registry.login() keeps the credential in a store, and only one that works", async () => {
  await using world = new ServedAuthWorld({ token: onlyMe });
  const folder = await Deno.makeTempDir();
  try {
    const store = new DockerConfig(join(folder, "config.json"));
    using registry = provider(world);
    await assertRejects(() =>
      registry.login({ ...ME, password: "other" }, { store })
    );
    assertEquals(await store.get(world.registry), undefined);
    await registry.login(ME, { store });
    assertEquals(await store.get(world.registry), ME);
    using second = provider(world, { credentials: store });
    assertEquals(await second.getTags("app"), ["v1"]);
    assertEquals(await second.logout({ store }), true);
    assertEquals(await store.get(world.registry), undefined);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("Registry.login() ends with its signal's reason", async () => {
  await using world = new ServedAuthWorld();
  using registry = provider(world);
  const signal = AbortSignal.abort(new Error("enough"));
  await assertRejects(() => registry.login(ME, { signal }), Error, "enough");
  assertEquals(await registry.logout(), false);
});

/** A world that offers both schemes, and what each back end shows it. */
const BACKENDS: [
  string,
  AuthBackend | AuthBackendName | undefined,
  "token" | "basic",
][] = [
  ["none", undefined, "token"],
  ["token", "token", "token"],
  ["basic", "basic", "basic"],
  ["ecr", "ecr", "token"],
  ["an instance", { schemes: ["basic", "bearer"] }, "basic"],
  ["an empty instance", {}, "token"],
];

for (const [name, authBackend, expected] of BACKENDS) {
  Deno.test(`Registry with back end ${name} answers by ${expected}`, async () => {
    await using world = new ServedAuthWorld({
      basic: expected === "basic",
      challenge: 'Bearer realm="REALM",service="registry", Basic realm="x"',
    });
    using registry = provider(world, { authBackend });
    await registry.login(ME);
    assertEquals(await registry.getTags("app"), ["v1"]);
    const shown = world.seen.at(-1)!.authorization;
    assertEquals(shown === BASIC, expected === "basic", shown ?? "");
    assertEquals(world.tokenRequests.length > 0, expected === "token");
  });
}

Deno.test("Registry with back end basic asks nobody for a token", async () => {
  await using world = new ServedAuthWorld();
  using registry = provider(world, { authBackend: "basic" });
  await assertRejects(() => registry.login(ME), UnauthorizedError);
  assertEquals(world.tokenRequests, []);
  assertEquals(world.seen.map(({ authorization }) => authorization), [null]);
});

Deno.test("Registry takes a back end's credentials after its own", async () => {
  await using world = new ServedAuthWorld();
  const authBackend = { credentials: fixedCredentials(ME) };
  using registry = provider(world, { authBackend });
  await registry.getTags("app");
  assertEquals(world.tokenRequests[0]!.authorization, BASIC);
});

Deno.test("Registry with back end ecr asks AWS for Amazon's registries", async () => {
  const transport: ClientOptions["transport"] = fromHandler(() =>
    new Response(null, {
      status: 401,
      headers: { "www-authenticate": 'Basic realm="x"' },
    })
  );
  const names = [
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_CONFIG_FILE",
  ];
  const before = names.map((name) => [name, Deno.env.get(name)] as const);
  try {
    for (const name of names) {
      if (name.endsWith("FILE")) Deno.env.set(name, "/nonexistent");
      else Deno.env.delete(name);
    }
    using registry = new Registry({ authBackend: "ecr", transport });
    const error = await assertRejects(
      () =>
        registry.getTags("123456789012.dkr.ecr.eu-west-1.amazonaws.com/app"),
      CredentialError,
    );
    assertEquals(error.code, "CREDENTIAL_MISSING");
    await assertRejects(
      () => registry.getTags("registry.example/app"),
      UnauthorizedError,
    );
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
  }
});

Deno.test("Registry refuses a back end that it does not know", () => {
  const error = assertThrows(
    () => new Registry({ authBackend: "kerberos" as AuthBackendName }),
    TypeError,
  );
  assert(error.message.includes('"kerberos"'));
});
