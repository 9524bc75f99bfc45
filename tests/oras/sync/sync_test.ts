import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
} from "@std/assert";
import {
  type ClientOptions,
  fromHandler,
  InvalidReferenceError,
  RegistryClient,
} from "@gantry/oci/distribution";
import { createRegistry } from "@gantry/oci/distribution/server";
import { type Descriptor, encodeJson, MediaTypes } from "@gantry/oci/image";
import {
  type BackupData,
  parseSyncConfig,
  Registry,
  sync,
  SyncError,
  type SyncOptions,
  type SyncResult,
} from "@gantry/oci/oras";

/** Two registries on one transport, with two repositories in the first. */
async function setting() {
  const registries: Record<string, ReturnType<typeof createRegistry>> = {
    "from.example": createRegistry(),
    "to.example": createRegistry(),
  };
  const seen: string[] = [];
  /** What the first lists beside its tags. */
  const odd: string[] = [];
  const transport = fromHandler(async (request) => {
    const { host, pathname } = new URL(request.url);
    seen.push(`${request.method} ${host}${pathname}`);
    const isBroken = pathname.includes("/broken/") ||
      pathname.endsWith("/broken-list/app/tags/list");
    if (isBroken) {
      return new Response(null, { status: 403 });
    }
    const answer = await registries[host]!.fetch(request);
    if (!pathname.endsWith("/tags/list") || odd.length === 0) return answer;
    const { name, tags } = await answer.json();
    return Response.json({ name, tags: [...tags, ...odd] });
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
  return { makeClient, odd, registry, seen };
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
        tags: { semverRange: ["^1"], deny: ["0.*"] },
        tagSets: [{ allow: ["latest"] }],
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
  const failure = await assertRejects(
    () => sync(config, { makeClient }),
    SyncError,
  );
  const { results } = failure;
  assertEquals(failure.errors.length, 3);
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

Deno.test("sync() goes on where one repository of a registry cannot be listed", async () => {
  const { makeClient, registry } = await setting();
  await registry.push("broken-list/app:v1");
  const config = parseSyncConfig({
    sync: [{
      source: "from.example",
      target: "to.example",
      type: "registry",
      tags: { allow: ["latest", "v1"] },
    }],
  });
  const { results } = await assertRejects(
    () => sync(config, { makeClient }),
    SyncError,
  );
  assertEquals(outcomes(results), [
    "copied to.example/team/app:latest",
    "copied to.example/team/lib:latest",
    "failed to.example/broken-list/app",
  ]);
});

Deno.test("sync() copies the image of a platform, and moves neither it nor the backup again", async () => {
  const { makeClient, registry, seen } = await setting();
  const source = makeClient("from.example").repository("team/multi");
  const images: Descriptor[] = [];
  for (const architecture of ["amd64", "arm64"]) {
    const image = await registry.push(`team/multi:${architecture}`, {
      files: [{ title: "arch", content: architecture }],
    });
    const platform = { architecture, os: "linux" };
    images.push({ ...image.descriptor, platform });
  }
  const index = encodeJson({
    schemaVersion: 2,
    mediaType: MediaTypes.index,
    manifests: images,
  });
  await source.manifests.put("all", index, { mediaType: MediaTypes.index });
  const config = parseSyncConfig({
    sync: [{
      source: "from.example/team/multi:all",
      target: "to.example/multi:one",
      type: "image",
      platform: "linux/arm64",
      backup: "before",
    }],
  });
  const first = await sync(config, { makeClient });
  assertEquals(outcomes(first), ["copied to.example/multi:one"]);
  assertEquals(first[0]?.digest, images[1]?.digest);
  const target = makeClient("to.example").repository("multi");
  assertEquals((await target.resolve("one")).digest, images[1]?.digest);
  seen.length = 0;
  assertEquals(outcomes(await sync(config, { makeClient })), [
    "unchanged to.example/multi:one",
  ]);
  assertEquals(seen.filter((line) => !/^(?:GET|HEAD) /.test(line)), []);
  assertEquals(await Array.fromAsync(target.listTags()), ["one"]);
});

Deno.test("sync() refuses malformed expressions before anything is done", async () => {
  const { makeClient, seen } = await setting();
  const config = parseSyncConfig({
    sync: [{ source: "from.example", target: "to.example", type: "registry" }],
  });
  const [entry] = config.sync;
  assert(entry !== undefined);
  for (const name of ["repos", "tags"] as const) {
    const made = { ...entry, [name]: { allow: ["\\Aapp"] } };
    await assertRejects(
      () => sync({ ...config, sync: [made] }, { makeClient }),
      SyntaxError,
      'Cannot match names by "\\\\Aapp": \\A is not supported',
    );
  }
  assertEquals(seen, []);
});

Deno.test("sync() refuses malformed places before anything is done", async () => {
  const { makeClient, seen } = await setting();
  const good = {
    source: "from.example/team/app:latest",
    target: "to.example/app:latest",
    type: "image",
  };
  // deno-lint-ignore no-explicit-any -- as assertRejects() wants it
  const cases: readonly [object, new (...args: any[]) => Error][] = [
    [{ target: "ocidir://" }, InvalidReferenceError],
    [{ target: "ocidir://layout:-bad" }, InvalidReferenceError],
    [{ backup: "to.example/UPPER" }, InvalidReferenceError],
    [{ platform: "/" }, TypeError],
    [{ backup: "{{.Ref.Tag}}-old" }, TypeError],
    [{ type: "repository" }, InvalidReferenceError],
    [
      {
        type: "repository",
        source: "from.example/team/app",
        target: "ocidir://layout:v1",
      },
      InvalidReferenceError,
    ],
    [
      {
        type: "repository",
        source: "from.example/team/app",
        target: "to.example/app",
        tags: { semverRange: ["new"] },
      },
      RangeError,
    ],
    [
      { type: "registry", source: "ocidir://x", target: "to.example" },
      InvalidReferenceError,
    ],
  ];
  for (const [change, type] of cases) {
    const config = parseSyncConfig({ sync: [good, { ...good, ...change }] });
    await assertRejects(() => sync(config, { makeClient }), type);
  }
  assertEquals(seen, []);
});

Deno.test("sync() takes latest where an image has no tag, and expands what its backup is called", async () => {
  const { makeClient, registry } = await setting();
  const config = parseSyncConfig({
    sync: [{
      source: "from.example/team/app",
      target: "to.example/app",
      type: "image",
      backup: "{{.Ref.Tag}}",
    }],
  });
  const data: BackupData[] = [];
  const options: SyncOptions = {
    makeClient,
    expandBackup(_template, given) {
      data.push(given);
      return `${given.Ref.Tag}-before`;
    },
  };
  assertEquals(outcomes(await sync(config, options)), [
    "copied to.example/app:latest",
  ]);
  const target = makeClient("to.example").repository("app");
  const before = await target.resolve("latest");
  await registry.push("team/app:latest", {
    files: [{ title: "tag", content: "changed" }],
  });
  await sync(config, options);
  assertEquals((await target.resolve("latest-before")).digest, before.digest);
  assertEquals(data, [{
    Ref: {
      Reference: "to.example/app:latest",
      Registry: "to.example",
      Repository: "app",
      Tag: "latest",
    },
    Sync: {
      Source: "from.example/team/app",
      Target: "to.example/app",
      Type: "image",
      Backup: "{{.Ref.Tag}}",
    },
  }]);
});

Deno.test("sync() copies what two entries name once, and lets no two sources have one target", async () => {
  const { makeClient, seen } = await setting();
  const v1 = {
    source: "from.example/team/app:v1.0.0",
    target: "to.example/app:v1.0.0",
    type: "image",
  };
  const config = parseSyncConfig({
    sync: [
      v1,
      {
        source: "from.example/team/app",
        target: "to.example/app",
        type: "repository",
        tags: { allow: ["v1.*"] },
      },
      { ...v1, source: "from.example/team/lib:v1.0.0" },
    ],
  });
  const { errors, results } = await assertRejects(
    () => sync(config, { makeClient }),
    SyncError,
  );
  assertEquals(outcomes(results), [
    "copied to.example/app:v1.0.0",
    "copied to.example/app:v1.1.0",
    "failed to.example/app:v1.0.0",
  ]);
  assertEquals(
    (errors[0] as Error).message,
    "Cannot copy from.example/team/lib:v1.0.0 to to.example/app:v1.0.0: " +
      "from.example/team/app:v1.0.0 is copied there",
  );
  const puts = seen.filter((line) =>
    line.startsWith("PUT to.example/v2/app/m")
  );
  assertEquals(puts.length, 2);
});

Deno.test("sync() takes signatures along that have a tag, and no lists of referrers", async () => {
  const { makeClient, registry } = await setting();
  const digest = `sha256-${"1".repeat(64)}`;
  for (const tag of ["v1", `${digest}.sig`, digest]) {
    await registry.push(`signed:${tag}`);
  }
  const entry = {
    source: "from.example/signed",
    target: "to.example/signed",
    type: "repository",
  };
  assertEquals(
    outcomes(
      await sync(parseSyncConfig({ sync: [entry] }), { makeClient }),
    ),
    [`copied to.example/signed:${digest}.sig`, "copied to.example/signed:v1"],
  );
});

Deno.test("sync() tells of tags that are none, and copies the others", async () => {
  const { makeClient, odd } = await setting();
  odd.push("тег", "../../up", "a b");
  const config = parseSyncConfig({
    sync: [{
      source: "from.example/team/app",
      target: "to.example/app",
      type: "repository",
      tags: { deny: ["v.*"] },
    }],
  });
  const { errors, results } = await assertRejects(
    () => sync(config, { makeClient }),
    SyncError,
  );
  assertEquals(outcomes(results).sort(), [
    "copied to.example/app:latest",
    "failed to.example/app",
    "failed to.example/app",
    "failed to.example/app",
  ]);
  for (const error of errors) assertInstanceOf(error, InvalidReferenceError);
});

Deno.test("sync() moves no tag where only missing ones are copied", async () => {
  const { makeClient, registry } = await setting();
  const entry = {
    source: "from.example/team/app",
    target: "to.example/app",
    type: "repository",
    tags: { allow: ["latest"] },
  };
  await sync(parseSyncConfig({ sync: [entry] }), { makeClient });
  const target = makeClient("to.example").repository("app");
  const before = await target.resolve("latest");
  await registry.push("team/app:latest", {
    files: [{ title: "tag", content: "moved" }],
  });
  const config = parseSyncConfig({
    sync: [{ ...entry, tags: { allow: ["latest", "v1.0.0"] } }],
  });
  const options = { makeClient, missing: true };
  for (const dryRun of [true, false]) {
    assertEquals(
      outcomes(await sync(config, { ...options, dryRun })),
      [
        "kept to.example/app:latest",
        `${dryRun ? "would copy" : "copied"} to.example/app:v1.0.0`,
      ].sort(),
    );
  }
  assertEquals((await target.resolve("latest")).digest, before.digest);
  assertEquals(outcomes(await sync(config, options)), [
    "kept to.example/app:latest",
    "unchanged to.example/app:v1.0.0",
  ]);
});

Deno.test("sync() makes clients as the configuration says of their registries", async () => {
  const { makeClient } = await setting();
  const given: Record<string, ClientOptions> = {};
  const config = parseSyncConfig({
    creds: [
      {
        registry: "from.example",
        tls: "disabled",
        user: "me",
        pass: "secret",
        reqPerSec: 50,
        reqConcurrent: 2,
      },
      { registry: "to.example", tls: "enabled" },
      { registry: "other.example", user: "nobody" },
    ],
    sync: [{
      source: "from.example/team/app:latest",
      target: "to.example/app:latest",
      type: "image",
    }],
  });
  await sync(config, {
    makeClient(registry, options) {
      given[registry] = options;
      return Promise.resolve(makeClient(registry));
    },
  });
  assertEquals(Object.keys(given).sort(), ["from.example", "to.example"]);
  const { "from.example": from, "to.example": to } = given;
  assertEquals(from?.plainHttp, true);
  assertEquals(from?.limit, { concurrency: 2, rate: 50 });
  assertEquals(await from?.credentials?.get("from.example"), {
    username: "me",
    password: "secret",
  });
  assertEquals([to?.plainHttp, to?.credentials], [false, undefined]);
  assertEquals([from?.transport, to?.transport], [undefined, undefined]);
});

Deno.test("sync() does not ask for referrers where a fast check is enough", async () => {
  const { makeClient, registry, seen } = await setting();
  const entry = {
    source: "from.example/team/app:latest",
    target: "to.example/app:latest",
    type: "image",
    referrers: true,
  };
  const run = async (more: object) =>
    outcomes(
      await sync(parseSyncConfig({ sync: [{ ...entry, ...more }] }), {
        makeClient,
      }),
    );
  await run({});
  await registry.attach("team/app:latest", {
    artifactType: "application/vnd.example.note",
    files: [{ title: "note", content: "later" }],
  });
  seen.length = 0;
  assertEquals(await run({ fastCheck: true }), [
    "unchanged to.example/app:latest",
  ]);
  assertEquals(seen.length, 2);
  assertEquals(await run({}), ["copied to.example/app:latest"]);
});

Deno.test("sync() lists several repositories at once", async () => {
  const registry = createRegistry();
  let [now, most] = [0, 0];
  const transport = fromHandler(async (request) => {
    if (!request.url.endsWith("/tags/list")) return registry.fetch(request);
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, 1));
    now--;
    return await registry.fetch(request);
  });
  const source = new Registry({ hostname: "one.example", transport });
  const names = Array.from({ length: 9 }, (_, index) => `app${index}`);
  for (const name of names) await source.push(`${name}:v1`);
  const results = await sync(
    parseSyncConfig({
      defaults: { parallel: 3 },
      sync: names.map((name) => ({
        source: `one.example/${name}`,
        target: `one.example/copy/${name}`,
        type: "repository",
      })),
    }),
    { makeClient: (name) => new RegistryClient(name, { transport }) },
  );
  assertEquals(most, 3);
  assertEquals(
    results.map(({ target }) => target),
    names.map((name) => `one.example/copy/${name}:v1`),
  );
});
