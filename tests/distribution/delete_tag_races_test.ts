import { assertEquals, assertRejects } from "@std/assert";
import {
  ConnectionError,
  type Repository,
  TagDeletionError,
} from "@gantry/oci/distribution";
import { encodeJson, imageIndex, MediaTypes } from "@gantry/oci/image";
import { type Intercept, repository } from "./_repository.ts";
import { pushTwoTags, tagsOf } from "./_two_tags.ts";

const TAG = "/manifests/v1";

function isDeletion({ method, url }: Request): boolean {
  return method === "DELETE" && url.includes("/manifests/sha256:");
}

function lineBreaks(): never {
  throw new ConnectionError("CONNECTION_RESET", "the line broke", {
    method: "PUT",
    url: "https://registry.example/",
  });
}

/**
 * A repository of a registry that deletes no tags, and a way to it past what a test
 * puts in front, which is told how many PUTs of the tag there were.
 */
async function setting(
  front: (request: Request, puts: number) => ReturnType<Intercept>,
) {
  let puts = 0;
  const direct = repository(({ method, url }) =>
    method === "DELETE" && url.endsWith(TAG)
      ? new Response(null, { status: 405 })
      : undefined
  );
  const manifest = await pushTwoTags(direct.repository);
  const fronted = repository(async (request) => {
    if (request.method === "PUT" && request.url.endsWith(TAG)) puts++;
    return await front(request.clone(), puts) ?? await send(request);
  }, { retry: { maxAttempts: 1 } });
  async function send(request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    const body = await request.bytes();
    return await direct.repository.client.send({
      method: request.method,
      url: pathname + search,
      headers: Object.fromEntries(request.headers),
      ...body.byteLength > 0 && { body },
    });
  }
  return { direct, fronted: fronted.repository, manifest, send };
}

async function pushOther({ manifests }: Repository): Promise<string> {
  const bytes = encodeJson(imageIndex([]));
  return (await manifests.put("v1", bytes, { mediaType: MediaTypes.index }))
    .digest;
}

Deno.test("tags.delete() makes no request depend on an ETag that is weak", async () => {
  const { fronted, send } = await setting(async (request) => {
    // RFC 9110 §13.1.1: If-Match never holds for a weak one.
    if (request.headers.has("if-match")) {
      return new Response(null, { status: 412 });
    }
    if (request.method !== "HEAD") return undefined;
    const answer = await send(request);
    const headers = new Headers(answer.headers);
    headers.set("etag", 'W/"one"');
    return new Response(null, { status: answer.status, headers });
  });
  await fronted.tags.delete("v1");
  assertEquals(await tagsOf(fronted), ["v2"]);
});

Deno.test("tags.delete() leaves no placeholder behind where the line broke, and somebody moved the tag", async () => {
  let placeholder = "";
  const { direct, fronted, send } = await setting(async (request, puts) => {
    if (isDeletion(request)) placeholder = request.url.split("/").at(-1)!;
    if (request.method !== "PUT" || puts !== 1) return undefined;
    if (!request.url.endsWith(TAG)) return undefined;
    await send(request);
    await pushOther(direct.repository);
    lineBreaks();
  });
  const error = await assertRejects(
    () => fronted.tags.delete("v1"),
    TagDeletionError,
  );
  assertEquals(error.code, "TAG_MOVED");
  assertEquals(error.placeholder, placeholder);
  await assertRejects(() => direct.repository.manifests.fetch(placeholder));
});

Deno.test("tags.delete() sees that the tag was moved back although the line broke", async () => {
  const { fronted, manifest, send } = await setting(async (request, puts) => {
    if (isDeletion(request) && puts > 0) {
      return new Response(null, { status: 403 });
    }
    if (request.method !== "PUT" || puts !== 2) return undefined;
    await send(request);
    lineBreaks();
  });
  const error = await assertRejects(
    () => fronted.tags.delete("v1"),
    TagDeletionError,
  );
  assertEquals(error.code, "TAG_RESTORED");
  assertEquals((await fronted.resolve("v1")).digest, manifest.digest);
});

Deno.test("tags.delete() moves no tag back that somebody moves at the same time", async () => {
  let other = "";
  const { direct, fronted, send } = await setting(async (request, puts) => {
    if (isDeletion(request) && puts > 0) {
      return new Response(null, { status: 403 });
    }
    if (request.method === "HEAD") {
      const answer = await send(request);
      const headers = new Headers(answer.headers);
      headers.set("etag", `"${headers.get("docker-content-digest")}"`);
      return new Response(null, { status: answer.status, headers });
    }
    if (request.method !== "PUT" || puts !== 2) return undefined;
    other = await pushOther(direct.repository);
    return request.headers.get("if-match") === `"${other}"`
      ? undefined
      : new Response(null, { status: 412 });
  });
  const error = await assertRejects(
    () => fronted.tags.delete("v1"),
    TagDeletionError,
  );
  assertEquals(error.code, "TAG_MOVED");
  assertEquals((await fronted.resolve("v1")).digest, other);
});
