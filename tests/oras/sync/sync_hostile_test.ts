import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import {
  fromHandler,
  InvalidReferenceError,
  RegistryClient,
} from "@gantry/oci/distribution";
import { createRegistry } from "@gantry/oci/distribution/server";
import { parseSyncConfig, Registry, sync, SyncError } from "@gantry/oci/oras";
import { LayoutStore } from "@gantry/oci/oras/node";

Deno.test("sync() takes no repository by a name that is none, so that it gets around no rule", async () => {
  const from = createRegistry();
  const to = createRegistry();
  const digest = `sha256:${"a".repeat(64)}`;
  const repositories = ["secret:v1", `secret@${digest}`, "team/app"];
  const transport = fromHandler((request) => {
    const { host, pathname } = new URL(request.url);
    if (host === "to.example") return to.fetch(request);
    return pathname === "/v2/_catalog"
      ? Response.json({ repositories })
      : from.fetch(request);
  });
  const registry = new Registry({ hostname: "from.example", transport });
  for (const name of ["team/app", "secret"]) await registry.push(`${name}:v1`);
  const config = parseSyncConfig({
    sync: [{
      source: "from.example",
      target: "to.example",
      type: "registry",
      repos: { deny: ["secret"] },
    }],
  });
  const makeClient = (name: string) => new RegistryClient(name, { transport });
  const { errors, results } = await assertRejects(
    () => sync(config, { makeClient }),
    SyncError,
  );
  assertEquals(
    results.map(({ outcome, target }) => `${outcome} ${target}`).sort(),
    [
      "copied to.example/team/app:v1",
      "failed to.example/secret:v1",
      `failed to.example/secret@${digest}`,
    ],
  );
  for (const error of errors) assertInstanceOf(error, InvalidReferenceError);
});

Deno.test("sync() knows a layout by any spelling of its path", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const from = createRegistry();
    const transport = fromHandler(from.fetch);
    const registry = new Registry({ hostname: "from.example", transport });
    const image = (tag: string, target: string) => ({
      source: `from.example/app:${tag}`,
      target: `ocidir://${target}:latest`,
      type: "image",
    });
    for (const tag of ["v1", "v2"]) {
      await registry.push(`app:${tag}`, {
        files: [{ title: "tag", content: tag }],
      });
    }
    const config = parseSyncConfig({
      sync: [
        image("v1", `${folder}/out`),
        image("v1", `${folder}//./out/`),
        image("v2", `${folder}/./out`),
      ],
    });
    const makeClient = (name: string) =>
      new RegistryClient(name, { transport });
    const { results } = await assertRejects(
      () => sync(config, { makeClient }),
      SyncError,
    );
    assertEquals(
      results.map(({ outcome, source }) => `${outcome} ${source}`),
      ["copied from.example/app:v1", "failed from.example/app:v2"],
    );
    const { digest } = await new LayoutStore(`${folder}/out`).resolve("latest");
    assertEquals(digest, results[0]?.digest);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
