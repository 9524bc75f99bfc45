import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  fixedCredentials,
  fromHandler,
  UnauthorizedError,
} from "@gantry/oci/distribution";
import {
  type AuthBackend,
  type AuthBackendName,
  Registry,
  type RegistryOptions,
} from "@gantry/oci/oras";
import { AuthWorld } from "../distribution/_auth_world.ts";
import { ME, onlyMe } from "./_login.ts";

const BASIC = `Basic ${btoa("me:s3cret")}`;

/** Makes a provider for the registry of a world, which reaches those of others too. */
function provider(
  world: AuthWorld,
  options: Partial<RegistryOptions> = {},
  ...others: AuthWorld[]
): Registry {
  return new Registry({
    hostname: world.registry,
    plainHttp: true,
    retry: { maxAttempts: 1 },
    transport: fromHandler((request) => {
      const { host } = new URL(request.url);
      const other = others.find(({ hosts }) => hosts.includes(host));
      return (other ?? world).fetch(request);
    }),
    ...options,
  });
}

Deno.test("Registry.login() tries a credential, and uses it until logout()", async () => {
  const world = new AuthWorld({ token: onlyMe });
  const registry = provider(world);
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
  const world = new AuthWorld();
  const other = new AuthWorld({}, {
    registry: "other.example",
    tokens: "tokens.other.example",
  });
  const credentials = fixedCredentials({ username: "all", password: "s3cret" });
  const registry = provider(world, { credentials }, other);
  await registry.login(ME, { hostname: world.registry });
  await registry.getTags("app");
  await registry.getTags(`${other.registry}/app`);
  const users = ({ tokenRequests }: AuthWorld) =>
    tokenRequests.map(({ authorization }) => atob(authorization!.slice(6)));
  assertEquals(users(world), ["me:s3cret", "me:s3cret"]);
  assertEquals(users(other), ["all:s3cret"]);
  await registry.logout();
  await registry.getTags("app");
  assertEquals(users(world).at(-1), "all:s3cret");
});

Deno.test("Registry.login() ends with its signal's reason", async () => {
  const world = new AuthWorld();
  const registry = provider(world);
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
    const world = new AuthWorld({
      basic: expected === "basic",
      challenge: 'Bearer realm="REALM",service="registry", Basic realm="x"',
    });
    const registry = provider(world, { authBackend });
    await registry.login(ME);
    assertEquals(await registry.getTags("app"), ["v1"]);
    const shown = world.seen.at(-1)!.authorization;
    assertEquals(shown === BASIC, expected === "basic", shown ?? "");
    assertEquals(world.tokenRequests.length > 0, expected === "token");
  });
}

Deno.test("Registry with back end basic asks nobody for a token", async () => {
  const world = new AuthWorld();
  const registry = provider(world, { authBackend: "basic" });
  await assertRejects(() => registry.login(ME), UnauthorizedError);
  assertEquals(world.tokenRequests, []);
  assertEquals(world.seen.map(({ authorization }) => authorization), [null]);
});

Deno.test("Registry takes a back end's credentials after its own", async () => {
  const world = new AuthWorld();
  const authBackend = { credentials: fixedCredentials(ME) };
  const registry = provider(world, { authBackend });
  await registry.getTags("app");
  assertEquals(world.tokenRequests[0]!.authorization, BASIC);
});

Deno.test("Registry refuses a back end that it does not know", () => {
  const error = assertThrows(
    () => new Registry({ authBackend: "kerberos" as AuthBackendName }),
    TypeError,
  );
  assert(error.message.includes('"kerberos"'));
});

Deno.test("Registry.login() tries each of several credentials by itself, and keeps the last that was good", async () => {
  const world = new AuthWorld({ token: onlyMe });
  const registry = provider(world);
  const attempts = await Promise.allSettled([
    registry.login(ME),
    registry.login({ ...ME, password: "other" }),
  ]);
  assertEquals(attempts.map(({ status }) => status), ["fulfilled", "rejected"]);
  assertEquals(await registry.getTags("app"), ["v1"]);
  const left = await Promise.all([registry.login(ME), registry.logout()]);
  assertEquals(left[1], true);
  await assertRejects(() => registry.getTags("app"), UnauthorizedError);
});
