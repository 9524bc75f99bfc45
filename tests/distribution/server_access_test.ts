import {
  type Action,
  createRegistry,
  memoryStorage,
  permissions,
  type RegistryServerOptions,
} from "@gantry/oci/distribution/server";
import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  digestOf,
  errorCode,
  MANIFEST,
  manifestText,
  pushBlob,
  putManifest,
  type Registry,
} from "./_registries.ts";
import { authenticate, basic, visitor, visitors } from "./_visitors.ts";

const ALL: readonly Action[] = ["pull", "push", "update", "delete"];
const OLD = await manifestText({ annotations: { n: "old" } });
const NEW = await manifestText({ annotations: { n: "new" } });

/** The statuses that somebody sees who tries everything in a repository. */
async function tryAll(
  registry: Registry,
  repository: string,
): Promise<Record<string, number>> {
  const ask = async (method: string, path: string, body?: string) => {
    const headers = { "content-type": MANIFEST };
    const init = body === undefined ? { method } : { method, body, headers };
    return (await registry.head(`/v2/${repository}/${path}`, init)).status;
  };
  return {
    pull: await ask("GET", "manifests/there"),
    push: await ask("POST", "blobs/uploads/"),
    create: await ask("PUT", `manifests/${crypto.randomUUID()}`, OLD),
    again: await ask("PUT", "manifests/there", OLD),
    move: await ask("PUT", "manifests/moved", NEW),
    delete: await ask("DELETE", "manifests/absent"),
  };
}

/** Visitors of a registry in which each of some repositories has a manifest with two tags. */
async function prepare(
  options: RegistryServerOptions,
  ...repositories: string[]
): Promise<(user?: string) => Registry> {
  const storage = memoryStorage();
  const owner = visitor(createRegistry({ storage }));
  for (const repository of repositories) {
    for (const tag of ["there", "moved"]) {
      await putManifest(owner, repository, tag, OLD);
    }
  }
  return visitors(createRegistry({ authenticate, storage, ...options }));
}

const MAY_ALL = {
  pull: 200,
  push: 202,
  create: 201,
  again: 201,
  move: 201,
  delete: 404,
};

/** What those see who may not. */
function without(status: number, ...actions: string[]): typeof MAY_ALL {
  const refused = actions.map((action) => [action, status]);
  return { ...MAY_ALL, ...Object.fromEntries(refused) };
}

Deno.test("createRegistry({ permit }) refuses each action by itself", async () => {
  const WRITES = ["push", "create", "again", "move"];
  const cases: readonly [readonly Action[], typeof MAY_ALL][] = [
    [ALL, MAY_ALL],
    [["pull"], without(403, ...WRITES, "delete")],
    [["pull", "push"], without(403, "move", "delete")],
    [["pull", "push", "delete"], without(403, "move")],
    [["pull", "push", "update"], without(403, "delete")],
    // Who may only move tags brings no content, and makes no tag.
    [["update"], without(403, "pull", "push", "create", "delete")],
    [[], without(403, "pull", ...WRITES, "delete")],
  ];
  for (const [actions, expected] of cases) {
    const as = await prepare({ permit: permissions([{ actions }]) }, "app");
    assertEquals([actions, await tryAll(as("alice"), "app")], [
      actions,
      expected,
    ]);
  }
});

Deno.test("createRegistry({ permit }) asks those without credentials for some", async () => {
  const permit = permissions([{ actions: ALL }]);
  const as = await prepare({ permit }, "app");
  const refused = await as().call("/v2/app/tags/list");
  assertEquals(refused.status, 401);
  assertEquals(await errorCode(refused), "UNAUTHORIZED");
  const denied = await (await prepare({ permit: () => [] }, "app"))("bob")
    .call("/v2/app/tags/list");
  assertEquals(denied.status, 403);
  assertEquals(await errorCode(denied), "DENIED");
});

Deno.test("permissions() adds rules up, by user and by repository", async () => {
  const permit = permissions([
    { who: "anyone", repositories: ["public/*"], actions: ["pull"] },
    { who: ["alice"], repositories: ["team/**"], actions: ALL },
    { who: "users", repositories: ["team/app", "t.am/*"], actions: ["pull"] },
  ]);
  const names = ["public/app", "public/a/b", "team/app", "team/a/b", "other"];
  const as = await prepare({ permit }, ...names);
  const pulls = async (user?: string) => {
    const statuses: number[] = [];
    for (const name of names) {
      const path = `/v2/${name}/manifests/there`;
      statuses.push((await as(user).head(path)).status);
    }
    return statuses;
  };
  assertEquals(await pulls(), [200, 401, 401, 401, 401]);
  assertEquals(await pulls("bob"), [200, 403, 200, 403, 403]);
  assertEquals(await pulls("alice"), [200, 403, 200, 200, 403]);
  assertEquals(
    (await as("alice").head("/v2/team/a/b/manifests/there", {
      method: "DELETE",
    })).status,
    202,
  );
});

Deno.test("createRegistry({ anonymous }) lets everybody do some things", async () => {
  for (
    const [anonymous, expected] of [
      [["pull"], without(401, "push", "create", "again", "move", "delete")],
      [["pull", "push"], without(401, "move", "delete")],
      [[], without(401, "pull", "push", "create", "again", "move", "delete")],
      [ALL, MAY_ALL],
    ] as const
  ) {
    const as = await prepare({ anonymous }, "app");
    const seen = await tryAll(as(), "app");
    assertEquals([anonymous, seen], [anonymous, expected]);
    assertEquals(await tryAll(as("alice"), "app"), MAY_ALL);
  }
});

Deno.test("createRegistry({ anonymous }) still refuses wrong credentials", async () => {
  const registry = createRegistry({ authenticate, anonymous: ["pull"] });
  const status = async (authorization: string) =>
    (await visitor(registry, { authorization })
      .head(`/v2/app/referrers/${await digestOf("x")}`)).status;
  assertEquals(await status(basic("alice")), 200);
  assertEquals(await status(basic("alice", "wrong")), 401);
  // Some clients send empty credentials where they have none.
  assertEquals(await status(basic("", "")), 200);
});

Deno.test("createRegistry({ anonymous }) without users is open for that alone", async () => {
  const registry = createRegistry({ anonymous: ["pull"] });
  const anybody = visitor(registry);
  assertEquals((await anybody.head("/v2/")).status, 200);
  const push = await anybody.call("/v2/app/blobs/uploads/", { method: "POST" });
  assertEquals(push.status, 403);
  assertEquals(await errorCode(push), "DENIED");
});

Deno.test("createRegistry({ permit }) mounts only from where one may read", async () => {
  const storage = memoryStorage();
  const owner = visitor(createRegistry({ storage }));
  const digest = await pushBlob(owner, "hidden", "shared");
  const permit = permissions([
    { who: ["alice"], actions: ALL },
    { who: ["bob"], repositories: ["open"], actions: ALL },
  ]);
  const as = visitors(createRegistry({ authenticate, storage, permit }));
  const mount = async (user: string) => {
    const path = `/v2/open/blobs/uploads/?mount=${digest}&from=hidden`;
    return (await as(user).head(path, { method: "POST" })).status;
  };
  assertEquals(await mount("bob"), 202);
  assertEquals((await as("bob").head(`/v2/open/blobs/${digest}`)).status, 404);
  // Nor does a mount without a source tell whether the blob is there.
  assertEquals(
    (await as("alice").head(`/v2/hidden/blobs/${digest}`)).status,
    200,
  );
  const search = `/v2/open/blobs/uploads/?mount=${digest}`;
  assertEquals((await as("bob").head(search, { method: "POST" })).status, 202);
  assertEquals(await mount("alice"), 201);
});

Deno.test("createRegistry({ permit }) lists what one may read", async () => {
  const permit = permissions([
    { who: ["alice"], actions: ALL },
    { who: ["bob"], repositories: ["b*"], actions: ["pull"] },
  ]);
  const names = ["a", "b1", "b2", "c", "b3"];
  const as = await prepare({ permit }, ...names);
  const list = async (user: string, query = "") => {
    const response = await as(user).call(`/v2/_catalog${query}`);
    const link = response.headers.get("link") !== null;
    return [(await response.json()).repositories, link];
  };
  assertEquals(await list("alice"), [names.toSorted(), false]);
  assertEquals(await list("bob"), [["b1", "b2", "b3"], false]);
  assertEquals(await list("bob", "?n=2"), [["b1", "b2"], true]);
  assertEquals(await list("bob", "?n=2&last=b2"), [["b3"], false]);
  assertEquals(await list("carol"), [[], false]);
  assertEquals((await as().head("/v2/_catalog")).status, 401);
});

Deno.test("createRegistry({ permit }) forgets at once what it took away", async () => {
  const allowed: Action[] = ["pull"];
  const as = await prepare({ permit: () => allowed }, "app");
  const status = async () =>
    (await as("alice").head("/v2/app/manifests/there")).status;
  assertEquals(await status(), 200);
  allowed.length = 0;
  assertEquals(await status(), 403);
});

Deno.test("createRegistry({ permit }) takes no tag name for a special one", async () => {
  const permit = permissions([{ actions: ["pull", "push"] }]);
  const registry = createRegistry({ authenticate, permit });
  const alice = visitors(registry)("alice");
  for (const tag of ["latest", "v1", "_"]) {
    const put = async (text: string) =>
      (await putManifest(alice, "app", tag, text)).status;
    assertEquals([tag, await put(OLD)], [tag, 201]);
    assertEquals([tag, await put(NEW)], [tag, 403]);
    const path = `${await digestOf(NEW)}?tag=new-${tag}&tag=${tag}`;
    assertEquals((await putManifest(alice, "app", path, NEW)).status, 403);
    assertEquals(
      (await alice.head(`/v2/app/manifests/new-${tag}`)).status,
      404,
    );
  }
});

Deno.test("createRegistry({ authenticate }) challenges with Basic", async () => {
  const anybody = visitor(createRegistry({ authenticate }));
  const { headers } = await anybody.head("/v2/");
  assertStringIncludes(headers.get("www-authenticate")!, "Basic realm=");
});
