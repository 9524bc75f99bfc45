import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import {
  fromHandler,
  InvalidReferenceError,
  RegistryClient,
} from "@gantry/oci/distribution";
import { createRegistry } from "@gantry/oci/distribution/server";
import {
  parseSyncConfig,
  Registry,
  sync,
  type SyncResult,
} from "@gantry/oci/oras";

/** Two registries on one transport, with two repositories in the first. */
async function setting() {
  const registries: Record<string, ReturnType<typeof createRegistry>> = {
    "from.example": createRegistry(),
    "to.example": createRegistry(),
  };
  const seen: string[] = [];
  const transport = fromHandler((request) => {
    const { host, pathname } = new URL(request.url);
    seen.push(`${request.method} ${host}${pathname}`);
    if (pathname.includes("/broken/")) {
      return new Response(null, { status: 403 });
    }
    return registries[host]!.fetch(request);
  });
  const registry = new Registry({ hostname: "from.example", transport });
  for (const name of ["team/app", "team/lib"]) {
    for (const tag of ["v1.0.0", "v1.1.0", "v2.0.0", "latest"]) {
      await registry.push(`${name}:${tag}`, {
        files: [{ title: "tag", content: name + tag }],
      });
    }
  }
  seen.length = 0;
  const makeClient = (name: string) => new RegistryClient(name, { transport });
  return { makeClient, registry, seen };
}

function outcomes(results: readonly SyncResult[]): string[] {
  return results.map(({ outcome, target }) => `${outcome} ${target}`).sort();
}

Deno.test("sync() copies what is named, and the second time asks each side once for each tag", async () => {
  const { makeClient, seen } = await setting();
  const config = parseSyncConfig({
    sync: [
      {
        source: "from.example/team/app:latest",
        target: "to.example/one:now",
        type: "image",
      },
      {
        source: "from.example/team/app",
        target: "to.example/mirror/app",
        type: "repository",
        tags: { semverRange: ["^1"], allow: ["latest"] },
      },
    ],
  });
  const expected = [
    "to.example/mirror/app:latest",
    "to.example/mirror/app:v1.0.0",
    "to.example/mirror/app:v1.1.0",
    "to.example/one:now",
  ];
  assertEquals(
    outcomes(await sync(config, { makeClient, dryRun: true })),
    expected.map((target) => `would copy ${target}`),
  );
  assertEquals(
    outcomes(await sync(config, { makeClient })),
    expected.map((target) => `copied ${target}`),
  );
  seen.length = 0;
  assertEquals(
    outcomes(await sync(config, { makeClient })),
    expected.map((target) => `unchanged ${target}`),
  );
  // The list of tags, and a HEAD for each tag on each side.
  assertEquals(seen.length, 1 + 2 * expected.length);
  assertEquals(seen.filter((line) => !/^(?:GET|HEAD) /.test(line)), []);
});

Deno.test("sync() takes a registry's repositories by pattern", async () => {
  const { makeClient } = await setting();
  const config = parseSyncConfig({
    sync: [{
      source: "from.example",
      target: "to.example",
      type: "registry",
      repos: { allow: ["team/.*"], deny: [".*/lib"] },
      tags: { allow: ["v2.*"] },
    }],
  });
  assertEquals(outcomes(await sync(config, { makeClient })), [
    "copied to.example/team/app:v2.0.0",
  ]);
});

Deno.test("sync() goes on where something fails, and tells what", async () => {
  const { makeClient } = await setting();
  const config = parseSyncConfig({
    sync: [
      {
        source: "from.example/broken/app",
        target: "to.example/x",
        type: "repository",
      },
      {
        source: "from.example/team/app:none",
        target: "to.example/y:1",
        type: "image",
      },
      {
        source: "from.example/team/app:latest",
        target: "to.example/broken/z:1",
        type: "image",
      },
      {
        source: "from.example/team/app:latest",
        target: "to.example/ok:1",
        type: "image",
      },
    ],
  });
  const results = await sync(config, { makeClient });
  assertEquals(outcomes(results), [
    "copied to.example/ok:1",
    "failed to.example/broken/z:1",
    "failed to.example/x",
    "failed to.example/y:1",
  ]);
  for (const { error, outcome } of results) {
    if (outcome === "failed") assertInstanceOf(error, Error);
  }
  const malformed = parseSyncConfig({
    sync: [
      {
        source: "from.example/team/app:latest",
        target: "to.example/late:1",
        type: "image",
      },
      { source: "UPPER/x", target: "to.example/UPPER", type: "image" },
    ],
  });
  await assertRejects(
    () => sync(malformed, { makeClient }),
    InvalidReferenceError,
  );
  await assertRejects(() =>
    makeClient("to.example").repository("late").resolve("1")
  );
});

Deno.test("sync() keeps what a tag pointed at, and brings referrers to content that has not changed", async () => {
  const { makeClient, registry } = await setting();
  const entry = {
    source: "from.example/team/app:latest",
    target: "to.example/app:latest",
    type: "image",
    backup: "previous",
    referrers: true,
  };
  const config = parseSyncConfig({ sync: [entry] });
  await sync(config, { makeClient });
  const target = makeClient("to.example").repository("app");
  const before = await target.resolve("latest");
  await registry.attach("team/app:latest", {
    artifactType: "a/b",
    annotations: { k: "v" },
  });
  assertEquals(outcomes(await sync(config, { makeClient })), [
    "copied to.example/app:latest",
  ]);
  assertEquals(
    (await Array.fromAsync(target.referrers.list(before))).length,
    1,
  );
  await registry.push("team/app:latest", { annotations: { new: "yes" } });
  await sync(config, { makeClient });
  assertEquals((await target.resolve("previous")).digest, before.digest);
});
