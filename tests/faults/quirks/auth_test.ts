import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type ClientOptions,
  fixedCredentials,
  UnauthorizedError,
} from "@gantry/oci/distribution";
import {
  openQuirkRegistry,
  type QuirkRegistry,
} from "../../_support/quirk_registry.ts";
import {
  QUIRK_IDENTITY,
  QUIRK_USER,
} from "../../_support/quirk_registry_auth.ts";
import {
  assertHolds,
  bigBlob,
  REPOSITORY,
  roundTrip,
  textBlob,
} from "./_round_trip.ts";

const IDENTITY: ClientOptions = {
  credentials: fixedCredentials({ identityToken: QUIRK_IDENTITY }),
};
const ANONYMOUS: ClientOptions = { credentials: undefined };

/** The requests for tokens, with the scopes that each asked for. */
function watchTokens(): { tokens: string[]; options: ClientOptions } {
  const tokens: string[] = [];
  return {
    tokens,
    options: {
      onEvent: (event) => {
        if (event.type === "token") tokens.push(event.scopes.join(" "));
      },
    },
  };
}

Deno.test("T6 a push asks for pull and push together, and once", async () => {
  await using registry = openQuirkRegistry(["tokens"]);
  const { options, tokens } = watchTokens();
  using client = registry.client(options);
  const { descriptor, source } = await textBlob("text");
  await client.repository(REPOSITORY).blobs.push(descriptor, source);
  assertEquals(tokens, [`repository:${REPOSITORY}:pull,push`]);
});

/** Pushes to one repository and mounts into another. */
async function mount(
  registry: QuirkRegistry,
  more: ClientOptions = {},
): Promise<string> {
  using client = registry.client(more);
  const { descriptor, source } = await textBlob("text");
  await client.repository("team/base").blobs.push(descriptor, source);
  registry.counter.take();
  const repository = client.repository(REPOSITORY);
  const result = await repository.blobs.push(descriptor, source, {
    mount: { from: "team/base" },
  });
  await assertHolds(repository, descriptor);
  return result;
}

Deno.test("T6 a mount asks for leave to pull from its source", async () => {
  await using registry = openQuirkRegistry(["tokens-mount-source"]);
  const { options, tokens } = watchTokens();
  assertEquals(await mount(registry, options), "mounted");
  assertEquals(
    tokens[1],
    `repository:${REPOSITORY}:pull,push repository:team/base:pull`,
  );
});

for (
  const quirk of ["tokens-last-scope", "mount-unauthorized", "mount-ignored"]
) {
  Deno.test(`T6 a mount that is refused becomes an upload (${quirk})`, async () => {
    await using registry = openQuirkRegistry([quirk]);
    assertEquals(await mount(registry), "uploaded");
    assertEquals(registry.complaints, []);
  });
}

Deno.test("T6 a mount without a source that is refused becomes an upload", async () => {
  await using registry = openQuirkRegistry(["mount-needs-from"]);
  using client = registry.client();
  const { descriptor, source } = await textBlob("text");
  const repository = client.repository(REPOSITORY);
  assertEquals(
    await repository.blobs.push(descriptor, source, { mount: {} }),
    "uploaded",
  );
  await assertHolds(repository, descriptor);
});

for (
  const quirk of [
    "tokens",
    "tokens-access",
    "tokens-both",
    "tokens-realm-query",
    "challenge-unquoted",
    "challenge-several",
    "challenge-bare",
  ]
) {
  Deno.test(`T7 a token is had, and shown to nobody else (${quirk})`, async () => {
    for (const over of ["handler", "http"] as const) {
      await using registry = openQuirkRegistry([quirk, "redirect-blobs"], {
        over,
      });
      using client = registry.client();
      await roundTrip(client, { big: false });
      assertEquals(registry.complaints, []);
      // What a registry refuses for want of a token is asked for again with one.
      const refused = registry.counter.seen
        .filter(({ status }) => status === 401);
      assert(refused.length > 0 && refused.length <= 3, `${refused.length}`);
    }
  });
}

Deno.test("T7 an identity token is posted, and serves for all", async () => {
  await using registry = openQuirkRegistry(["tokens-identity"]);
  using client = registry.client(IDENTITY);
  await roundTrip(client, { big: false });
  assertEquals(registry.complaints, []);
});

Deno.test("T7 a service that takes no password by GET fails with 401, and nothing is posted", async () => {
  await using registry = openQuirkRegistry(["tokens-identity"]);
  using client = registry.client();
  const error = await assertRejects(
    () => client.repository(REPOSITORY).manifests.get("v1"),
    UnauthorizedError,
    "Cannot get a token",
  );
  assert(!Deno.inspect(error).includes(QUIRK_USER.password));
});

Deno.test("T7 a wrong identity token fails with the service's own status", async () => {
  await using registry = openQuirkRegistry(["tokens"]);
  using client = registry.client(IDENTITY);
  // The service knows no POST at all, and says 405.
  const error = await assertRejects(
    () => client.repository(REPOSITORY).manifests.get("v1"),
    Error,
    "registry answered 405",
  );
  assert(!Deno.inspect(error).includes(QUIRK_IDENTITY));
});

Deno.test("T7 who has no credential gets a token to pull what is public", async () => {
  await using registry = openQuirkRegistry(["tokens-anonymous"]);
  const { descriptor, source } = await textBlob("text");
  {
    using client = registry.client();
    await client.repository(REPOSITORY).blobs.push(descriptor, source);
  }
  using client = registry.client(ANONYMOUS);
  const repository = client.repository(REPOSITORY);
  await assertHolds(repository, descriptor);
  await assertRejects(
    () => repository.blobs.delete(descriptor.digest),
    UnauthorizedError,
  );
  assertEquals(registry.complaints, []);
});

Deno.test("T8 a token that expires under way is replaced, and the body sent anew", async () => {
  for (const over of ["handler", "http"] as const) {
    for (const chunkSize of [undefined, 2 * 1024 * 1024]) {
      await using registry = openQuirkRegistry(["tokens-expire"], { over });
      const { options, tokens } = watchTokens();
      using client = registry.client(options);
      const repository = client.repository(REPOSITORY);
      const { descriptor, source } = bigBlob();
      await repository.blobs.push(descriptor, source, { chunkSize });
      await assertHolds(repository, descriptor);
      assertEquals(tokens.length, 2);
      assertEquals(registry.complaints, []);
    }
  }
});
