/** What oras-py got wrong, or left out, about registries, credentials and tags. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import {
  chainCredentials,
  type ClientEvent,
  fixedCredentials,
  RateLimitError,
  UnauthorizedError,
} from "@gantry/oci/distribution";
import { DockerConfig } from "@gantry/oci/distribution/node";
import { createRegistry, issueTokens } from "@gantry/oci/distribution/server";
import { serve } from "@gantry/oci/distribution/server/node";
import { encodeJson, MediaTypes } from "@gantry/oci/image";
import { createIndex, Registry } from "@gantry/oci/oras";
import { openHttpRegistry } from "../_support/http_registry.ts";
import { fixture, manifestOf } from "./_fixture.ts";

const ME = { username: "me", password: "s3cret" };

/** A registry with tokens that are good for what was asked for, and for no more. */
async function withTokens() {
  return await serve(createRegistry({
    tokens: issueTokens(),
    authenticate: (username, password) =>
      username === ME.username && password === ME.password
        ? { name: username }
        : undefined,
  }));
}

Deno.test("a token that was got for reading is followed by one for writing", async () => {
  await using server = await withTokens();
  using registry = new Registry({
    hostname: new URL(server.url).host,
    plainHttp: true,
    credentials: fixedCredentials(ME),
  });
  const { descriptor } = await registry.push("team/app:v1");
  using other = new Registry({
    hostname: new URL(server.url).host,
    plainHttp: true,
    credentials: fixedCredentials(ME),
  });
  assertEquals(await other.blobExists("team/app", descriptor.digest), false);
  assertEquals(await other.getTags("team/app"), ["v1"]);
  await other.push("team/app:v2", { files: [{ title: "a", content: "a" }] });
  await other.push("team/other:v1");
  assertEquals(await other.getTags("team/app"), ["v1", "v2"]);
});

Deno.test("a credential is tried before it counts, and a wrong one is wrong at once", async () => {
  await using server = await withTokens();
  const events: ClientEvent[] = [];
  using registry = new Registry({
    hostname: new URL(server.url).host,
    plainHttp: true,
    onEvent: (event) => void events.push(event),
  });
  await assertRejects(
    () => registry.login({ ...ME, password: "wrong" }),
    UnauthorizedError,
  );
  await registry.login(ME);
  await registry.push("team/app:v1");
  assertEquals(events.filter(({ type }) => type === "retry"), []);
});

Deno.test("a login is kept where docker keeps it, for its owner only, and a logout takes it away", async () => {
  await using server = await withTokens();
  const hostname = new URL(server.url).host;
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "new/config.json");
    const store = new DockerConfig(path);
    using registry = new Registry({ hostname, plainHttp: true });
    await registry.login(ME, { store });
    assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
    // A file that has no `auths`, and keys that others wrote.
    await Deno.writeTextFile(path, '{"psFormat":"x"}');
    await registry.login(ME, { store });
    const config = JSON.parse(await Deno.readTextFile(path));
    assertEquals(config, {
      psFormat: "x",
      auths: { [hostname]: { auth: btoa("me:s3cret") } },
    });
    assert(await registry.logout({ store }));
    assertEquals(await new DockerConfig(path).get(hostname), undefined);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("of several files of credentials the first that knows the registry counts", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const files = ["a", "b", "c"].map((name) => join(folder, name));
    for (const [at, path] of files.entries()) {
      const auths = at === 0 ? {} : { "ghcr.io": { auth: btoa(`u${at}:p`) } };
      await Deno.writeTextFile(path, JSON.stringify({ auths }));
    }
    const inOrder = chainCredentials(
      ...files.map((path) => new DockerConfig(path)),
    );
    const reversed = chainCredentials(
      ...files.toReversed().map((path) => new DockerConfig(path)),
    );
    const credential = (username: string) => ({ username, password: "p" });
    assertEquals(await inOrder.get("ghcr.io"), credential("u1"));
    assertEquals(await reversed.get("ghcr.io"), credential("u2"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("what one registry is shown, no other one and no storage behind it sees", async () => {
  await using storage = openHttpRegistry(() => new Response("content"));
  await using open = openHttpRegistry();
  await using closed = openHttpRegistry((request, next) => {
    const { pathname } = new URL(request.url);
    if (!request.headers.has("authorization")) {
      return new Response(null, {
        status: 401,
        headers: { "www-authenticate": 'Basic realm="x"' },
      });
    }
    return request.method === "GET" && pathname.includes("/blobs/")
      ? new Response(null, {
        status: 307,
        headers: { location: `http://${storage.host}/blob` },
      })
      : next(request);
  });
  using registry = new Registry({
    plainHttp: true,
    credentials: fixedCredentials(ME, { registry: closed.host }),
  });
  const blob = await registry.uploadBlob(`${closed.host}/a/b`, "content");
  const stream = await registry.getBlob(`${closed.host}/a/b`, blob);
  assertEquals(await new Response(stream).text(), "content");
  await registry.push(`${open.host}/a/b:v1`);
  assertEquals(await registry.getTags(`${open.host}/a/b`), ["v1"]);
  const shown = closed.seen.some(({ headers }) => headers.has("authorization"));
  assertEquals(shown, true);
  for (const { headers } of [...storage.seen, ...open.seen]) {
    assertEquals(headers.get("authorization"), null);
  }
});

Deno.test("a registry that is busy is asked again, when it says or soon", async () => {
  for (const status of [429, 500, 502, 503, 504]) {
    let failures = 1;
    await using setting = await fixture((request, next) =>
      failures-- > 0
        ? new Response(null, { status, headers: { "retry-after": "7" } })
        : next(request)
    );
    const waits: number[] = [];
    const sleep = (ms: number) => Promise.resolve(void waits.push(ms));
    const registry = new Registry({ ...setting.options, retry: { sleep } });
    await registry.uploadBlob("a/b", "content");
    assertEquals(waits.length, 1, `${status}`);
    if ([429, 503].includes(status)) assert(waits[0]! >= 7_000);
  }
});

Deno.test("a registry that stays busy is an error that says so", async () => {
  await using setting = await fixture(() =>
    new Response(null, { status: 429, headers: { "retry-after": "7" } })
  );
  const error = await assertRejects(
    () => setting.registry.getTags("a/b"),
    RateLimitError,
  );
  assertEquals(error.retryAfter, 7_000);
});

Deno.test("a tag is deleted and its siblings stay, whatever it points at", async () => {
  await using setting = await fixture();
  const { registry } = setting;
  const { manifest } = await registry.push("a/b:v1", { tags: ["v2"] });
  const repository = registry.repository("a/b");
  await createIndex(repository, ["v1"], { tags: ["index", "index2"] });
  const { config, layers } = manifestOf(manifest);
  const docker = encodeJson({
    schemaVersion: 2,
    mediaType: MediaTypes.dockerManifest,
    config,
    layers,
  });
  await registry.uploadManifest("a/b:docker", docker);
  await registry.tag("a/b:docker", "docker2");
  for (const tag of ["v1", "index", "docker"]) {
    assertEquals(await registry.deleteTag("a/b", tag), true, tag);
  }
  assertEquals(await registry.deleteTag("a/b", "v1"), false);
  assertEquals(await registry.getTags("a/b"), ["docker2", "index2", "v2"]);
});

Deno.test("all pages of tags are read, as many as are wanted, and null is none", async () => {
  const tags = Array.from({ length: 2500 }, (_, at) => `v${10_000 + at}`);
  let pages = 0;
  await using setting = await fixture((request, next) => {
    const url = new URL(request.url);
    if (!url.pathname.endsWith("/tags/list")) return next(request);
    if (url.pathname.includes("/empty/")) {
      return Response.json({ name: "empty/b", tags: null });
    }
    pages++;
    const start = tags.indexOf(url.searchParams.get("last") ?? "") + 1;
    const page = tags.slice(start, start + 100);
    const rest = start + 100 < tags.length;
    return Response.json({ name: "a/b", tags: page }, {
      headers: rest
        ? { link: `</v2/a/b/tags/list?last=${page.at(-1)}>; rel="next"` }
        : {},
    });
  });
  const { registry } = setting;
  assertEquals(await registry.getTags("a/b"), tags);
  pages = 0;
  const some = await registry.getTags("a/b", { limit: 1005 });
  assertEquals(some, tags.slice(0, 1005));
  assertEquals(pages, 11);
  assertEquals(await registry.getTags("empty/b"), []);
});

Deno.test("an upload in parts follows each new Location, and its ranges are inclusive", async () => {
  const ranges: (string | null)[] = [];
  let state = 0;
  await using setting = await fixture(async (request, next) => {
    const url = new URL(request.url);
    if (!url.pathname.includes("/uploads/")) return await next(request);
    if (request.method !== "POST") {
      assertEquals(url.searchParams.get("_state"), `${state}`);
    }
    if (request.method === "PATCH") {
      ranges.push(request.headers.get("content-range"));
    }
    const { status, headers } = await next(request);
    const changed = new Headers(headers);
    const location = new URL(headers.get("location")!, url);
    location.searchParams.set("_state", `${++state}`);
    changed.set("location", location.pathname + location.search);
    return new Response(null, { status, headers: changed });
  });
  const registry = new Registry({ ...setting.options, chunkSize: 4 });
  const blob = await registry.uploadBlob("a/b", "0123456789");
  assertEquals(ranges, ["0-3", "4-7", "8-9"]);
  const stream = await registry.getBlob("a/b", blob);
  assertEquals(await new Response(stream).text(), "0123456789");
});
