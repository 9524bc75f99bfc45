/** What oras-py got wrong, or left out, about registries, tokens and tags. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type ClientEvent,
  fixedCredentials,
  fromHandler,
  RateLimitError,
  UnauthorizedError,
} from "@gantry/oci/distribution";
import { encodeJson, MediaTypes } from "@gantry/oci/image";
import { createIndex, Registry } from "@gantry/oci/oras";
import { manifestOf, provider } from "./_provider.ts";
import { ME, tokenRegistry } from "./_token_registry.ts";

/** The options of a provider for a registry with tokens. */
function withTokens() {
  const transport = fromHandler(tokenRegistry().fetch);
  return { hostname: "registry.example", transport };
}

Deno.test("a token that was got for reading is followed by one for writing", async () => {
  const options = withTokens();
  const credentials = fixedCredentials(ME);
  const registry = new Registry({ ...options, credentials });
  const { descriptor } = await registry.push("team/app:v1");
  const other = new Registry({ ...options, credentials });
  assertEquals(await other.blobExists("team/app", descriptor.digest), false);
  assertEquals(await other.getTags("team/app"), ["v1"]);
  await other.push("team/app:v2", { files: [{ title: "a", content: "a" }] });
  await other.push("team/other:v1");
  assertEquals(await other.getTags("team/app"), ["v1", "v2"]);
});

Deno.test("a credential is tried before it counts, and a wrong one is wrong at once", async () => {
  const options = withTokens();
  const events: ClientEvent[] = [];
  const registry = new Registry({
    ...options,
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

Deno.test("a registry that is busy is asked again, when it says or soon", async () => {
  for (const status of [429, 500, 502, 503, 504]) {
    let failures = 1;
    const setting = provider((request, next) =>
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
  const setting = provider(() =>
    new Response(null, { status: 429, headers: { "retry-after": "7" } })
  );
  const error = await assertRejects(
    () => setting.registry.getTags("a/b"),
    RateLimitError,
  );
  assertEquals(error.retryAfter, 7_000);
});

Deno.test("a tag is deleted and its siblings stay, whatever it points at", async () => {
  const setting = provider();
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
  const setting = provider((request, next) => {
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
  const setting = provider(async (request, next) => {
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
