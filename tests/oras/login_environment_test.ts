import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import {
  type ClientOptions,
  CredentialError,
  fromHandler,
  UnauthorizedError,
} from "@gantry/oci/distribution";
import { DockerConfig } from "@gantry/oci/distribution/node";
import { Registry } from "@gantry/oci/oras";
import { ServedAuthWorld } from "../distribution/_served_auth_world.ts";
import { ME, onlyMe } from "./_login.ts";

Deno.test("Registry.login() keeps the credential in a store, and only one that works", async () => {
  await using world = new ServedAuthWorld({ token: onlyMe });
  const folder = await Deno.makeTempDir();
  try {
    const store = new DockerConfig(join(folder, "config.json"));
    const options = { hostname: world.registry, plainHttp: true };
    using registry = new Registry(options);
    await assertRejects(() =>
      registry.login({ ...ME, password: "other" }, { store })
    );
    assertEquals(await store.get(world.registry), undefined);
    await registry.login(ME, { store });
    assertEquals(await store.get(world.registry), ME);
    using second = new Registry({ ...options, credentials: store });
    assertEquals(await second.getTags("app"), ["v1"]);
    assertEquals(await second.logout({ store }), true);
    assertEquals(await store.get(world.registry), undefined);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
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
