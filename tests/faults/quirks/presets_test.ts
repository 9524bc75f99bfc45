import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { DigestMismatchError } from "@gantry/oci/digest";
import {
  type ClientOptions,
  fromHandler,
  ProtocolError,
  RegistryClient,
  RegistryError,
} from "@gantry/oci/distribution";
import { MediaTypes } from "@gantry/oci/image";
import { Registry } from "@gantry/oci/oras";
import { openQuirkRegistry } from "../../_support/quirk_registry.ts";
import { PRESETS } from "../../_support/quirk_registry_presets.ts";
import {
  attachAndDetach,
  REPOSITORY,
  roundTrip,
  type RoundTripOptions,
} from "./_round_trip.ts";

/** What a round trip does otherwise, because the registry refuses it. */
const OTHERWISE: Readonly<Record<string, RoundTripOptions>> = {
  gar: { lists: false },
  quay: { attaches: false },
};

for (
  const [preset, { name, options, quirks, title }] of Object.entries(PRESETS)
) {
  for (const over of ["handler", "http"] as const) {
    const way = over === "http" ? "over HTTP" : "in process";
    Deno.test(`${title}: push, list, resolve, pull, attach and delete (${way})`, async () => {
      await using registry = openQuirkRegistry(quirks, { over, name });
      using client = registry.client(options);
      await roundTrip(client, OTHERWISE[preset]);
      assertEquals(registry.complaints, []);
    });
  }

  Deno.test(`${title}: files go up and come back`, async () => {
    await using server = openQuirkRegistry(quirks, { over: "http" });
    await using registry = new Registry({
      hostname: server.host,
      ...server.options(options),
    });
    const outdir = await Deno.makeTempDir();
    try {
      const files = ["a.txt", "b.txt"].map((title) => ({
        title,
        content: `the content of ${title}`,
        mediaType: "text/plain",
      }));
      const config = { content: "{}", mediaType: MediaTypes.config };
      await registry.push(`${REPOSITORY}:v1`, { files, config });
      const pulled = await registry.pull(`${REPOSITORY}:v1`, { outdir });
      assertEquals(pulled, files.map(({ title }) => join(outdir, title)));
      for (const { content, title } of files) {
        assertEquals(await Deno.readTextFile(join(outdir, title)), content);
      }
      assertEquals(server.complaints, []);
    } finally {
      await Deno.remove(outdir, { recursive: true });
    }
  });
}

function clientOf(
  preset: string,
): AsyncDisposable & { readonly client: RegistryClient } {
  const { options, quirks } = PRESETS[preset]!;
  const registry = openQuirkRegistry(quirks);
  return {
    client: registry.client(options),
    [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
  };
}

Deno.test("Google Artifact Registry: a list that is a page for people is refused", async () => {
  await using registry = clientOf("gar");
  const { tags } = registry.client.repository(REPOSITORY);
  const error = await assertRejects(
    () => Array.fromAsync(tags.list()),
    ProtocolError,
    "Cannot list tags of team/app",
  );
  assertEquals(error.code, "BODY_INVALID");
});

Deno.test("Quay: an artifact of a type that is not listed is refused in its words", async () => {
  await using registry = clientOf("quay");
  const repository = registry.client.repository(REPOSITORY);
  const subject = {
    mediaType: MediaTypes.manifest,
    digest: `sha256:${"0".repeat(64)}`,
    size: 2,
  };
  await assertRejects(
    () => attachAndDetach(repository, subject),
    RegistryError,
    "registry answered 400 MANIFEST_INVALID",
  );
});

Deno.test("Amazon ECR: an image whose repository is missing says so", async () => {
  const { options, quirks } = PRESETS["ecr"]!;
  await using server = openQuirkRegistry(quirks);
  await using registry = new Registry({
    hostname: server.host,
    ...server.options(options),
  });
  await assertRejects(
    () =>
      registry.push("team/other:v1", {
        files: [{ title: "a", content: "a" }],
      }),
    RegistryError,
    "to team/other: registry answered 404 NAME_UNKNOWN",
  );
});

Deno.test("Docker Hub: the credential is looked up by its name in references", async () => {
  const asked: string[] = [];
  const options: ClientOptions = {
    credentials: {
      get: (registry) => {
        asked.push(registry);
        return Promise.resolve(undefined);
      },
    },
    transport: fromHandler(() =>
      new Response(null, {
        status: 401,
        headers: { "www-authenticate": 'Basic realm="x"' },
      })
    ),
  };
  const client = new RegistryClient("docker.io", options);
  await assertRejects(() => client.ping(), RegistryError);
  assertEquals(client.origin.host, "registry-1.docker.io");
  assertEquals(asked, ["docker.io"]);
});

Deno.test("Quay: who asks for nothing in particular gets no schema 1", async () => {
  await using registry = openQuirkRegistry(["schema1-narrow"]);
  using client = registry.client();
  const { manifests } = client.repository(REPOSITORY);
  const mediaType = MediaTypes.index;
  const { digest } = await manifests.put(
    "v1",
    new TextEncoder().encode('{"schemaVersion":2,"manifests":[]}'),
    { mediaType },
  );
  assertEquals((await manifests.head("v1")).digest, digest);
  assertEquals((await manifests.get("v1")).descriptor.digest, digest);
  // The quirk works: another answer is told for what it is.
  const accept = [MediaTypes.dockerManifest];
  assertEquals(
    (await manifests.head("v1", { accept })).mediaType,
    MediaTypes.dockerSchema1,
  );
  // By digest, another document is an error, whatever was accepted.
  await assertRejects(
    () => manifests.get(digest, { accept }),
    DigestMismatchError,
  );
});
