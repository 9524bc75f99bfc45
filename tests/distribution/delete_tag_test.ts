import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
} from "@std/assert";
import {
  ConnectionError,
  fromHandler,
  NotFoundError,
  RegistryClient,
  RegistryError,
  TagDeletionError,
  UnsupportedError,
} from "@gantry/oci/distribution";
import {
  createRegistry,
  type RegistryServerOptions,
} from "@gantry/oci/distribution/server";
import { encodeJson, MediaTypes } from "@gantry/oci/image";
import { pushTwoTags, tagsOf } from "./_two_tags.ts";

type Handler = (request: Request) => Response | Promise<Response>;
/** What a test puts in front of the registry. */
type Front = (request: Request, next: Handler) => Response | Promise<Response>;

/** A repository with one manifest under two tags, and what was sent to its registry. */
async function setting(front: Front = (request, next) => next(request), {
  mediaType = MediaTypes.manifest as string,
  ...server
}: RegistryServerOptions & { mediaType?: string } = {
  deletable: ["manifest", "blob"],
}) {
  const registry = createRegistry(server);
  const seen: string[] = [];
  const transport = fromHandler((request) => {
    const { pathname } = new URL(request.url);
    seen.push(`${request.method} ${pathname.replace("/v2/app/", "")}`);
    return front(request, registry.fetch);
  });
  const client = new RegistryClient("registry.example", {
    transport,
    retry: { maxAttempts: 1 },
  });
  const repository = client.repository("app");
  const manifest = await pushTwoTags(repository, mediaType);
  seen.length = 0;
  return { manifest, registry, repository, seen };
}

function isPlaceholder(line: string): boolean {
  return /^DELETE manifests\/sha256:/.test(line);
}

Deno.test("tags.delete() goes by a placeholder where the registry deletes no tags", async () => {
  for (const mediaType of [MediaTypes.manifest, MediaTypes.dockerManifest]) {
    const put: (string | null)[] = [];
    const { manifest, repository, seen } = await setting((request, next) => {
      if (request.method === "PUT" && request.url.endsWith("/v1")) {
        put.push(request.headers.get("content-type"));
      }
      return next(request);
    }, { mediaType, deletable: ["manifest"] });
    await repository.tags.delete("v1");
    assertEquals(await tagsOf(repository), ["v2"]);
    assertEquals((await repository.resolve("v2")).digest, manifest.digest);
    assertEquals(put.at(-1), mediaType);
    // It is asked whether manifests can be deleted before anything is changed.
    const probe = seen.findIndex(isPlaceholder);
    const change = seen.findIndex((line) => /^(?:PUT|POST) /.test(line));
    assert(probe > 0 && probe < change, seen.join("\n"));
    assertEquals(seen[probe], seen.filter(isPlaceholder).at(-1));
    await assertRejects(() => repository.tags.delete("v1"), NotFoundError);
    await assertRejects(
      () => repository.manifests.fetch(seen[probe]!.slice(17)),
      NotFoundError,
    );
  }
});

Deno.test("tags.delete() changes nothing where the registry deletes no manifests, or is told not to", async () => {
  const writes = (seen: readonly string[]) =>
    seen.filter((line) => /^(?:PUT|POST|PATCH) /.test(line));
  const closed = await setting(undefined, { deletable: [] });
  await assertRejects(
    () => closed.repository.tags.delete("v1"),
    UnsupportedError,
    "Cannot delete tag v1 from app",
  );
  assertEquals(writes(closed.seen), []);

  const denied = await setting((request, next) =>
    /^DELETE .*sha256:/.test(`${request.method} ${request.url}`)
      ? new Response(null, { status: 403 })
      : next(request)
  );
  const error = await assertRejects(
    () => denied.repository.untag("v1"),
    RegistryError,
  );
  assertEquals(error.status, 403);
  assertEquals(writes(denied.seen), []);

  const strict = await setting();
  await assertRejects(
    () => strict.repository.tags.delete("v1", { placeholder: false }),
    UnsupportedError,
  );
  assertEquals(strict.seen, ["DELETE manifests/v1"]);
});

Deno.test("tags.delete() takes other answers for a refusal of tags, and none that is not", async () => {
  for (const status of [400, 404, 405, 501, 401, 403, 500]) {
    const { repository } = await setting((request, next) =>
      request.method === "DELETE" && request.url.endsWith("/v1")
        ? new Response(null, { status })
        : next(request)
    );
    const isRefusal = [400, 404, 405, 501].includes(status);
    if (isRefusal) await repository.tags.delete("v1");
    else await assertRejects(() => repository.tags.delete("v1"), RegistryError);
    assertEquals(await tagsOf(repository), isRefusal ? ["v2"] : ["v1", "v2"]);
  }
});

Deno.test("tags.delete() moves the tag back where the placeholder is not deleted", async () => {
  let probes = 0;
  const { manifest, repository } = await setting((request, next) =>
    request.method === "DELETE" && request.url.includes("sha256:") &&
      probes++ > 0
      ? new Response(null, { status: 405 })
      : next(request)
  );
  const error = await assertRejects(
    () => repository.tags.delete("v1"),
    TagDeletionError,
    "it points at sha256:",
  );
  assertEquals(error.code, "TAG_RESTORED");
  assertEquals([error.tag, error.digest], ["v1", manifest.digest]);
  assertInstanceOf(error.cause, UnsupportedError);
  assertEquals((await repository.resolve("v1")).digest, manifest.digest);
  // What is left tells what it is.
  const { bytes } = await repository.manifests.fetch(error.placeholder);
  const { annotations } = JSON.parse(new TextDecoder().decode(bytes));
  assertEquals(
    annotations["org.opencontainers.image.description"],
    `The tag v1 is being deleted. It pointed at ${manifest.digest}.`,
  );
});

Deno.test("tags.delete() says so where the tag could not be moved back", async () => {
  let changes = 0;
  const { manifest, repository } = await setting((request, next) => {
    const isChange = request.method !== "GET" && request.method !== "HEAD" &&
      request.url.includes("/manifests/");
    // The tag, the probe and the move go through, and nothing after.
    return isChange && changes++ > 4
      ? new Response(null, { status: 503 })
      : next(request);
  });
  changes = 2;
  const error = await assertRejects(
    () => repository.tags.delete("v1"),
    TagDeletionError,
  );
  assertEquals(error.code, "TAG_REPLACED");
  assertEquals(error.digest, manifest.digest);
  assertInstanceOf(error.cause, AggregateError);
  assertEquals((await repository.resolve("v1")).digest, error.placeholder);
  assertEquals(error.hint?.includes(manifest.digest), true);
  // When the registry is itself again, so is the deletion.
  changes = -100;
  await repository.tags.delete("v1");
  assertEquals(await tagsOf(repository), ["v2"]);
});

Deno.test("tags.delete() leaves alone what somebody else pushes meanwhile", async () => {
  for (const moment of ["before", "after"]) {
    const other = encodeJson({ schemaVersion: 2, manifests: [] });
    const { repository, seen } = await setting(async (request, next) => {
      const isMove = request.method === "PUT" && request.url.endsWith("/v1") &&
        !seen.includes("started");
      if (!isMove || seen.length === 0) return await next(request);
      seen.push("started");
      const theirs = () =>
        next(
          new Request(request.url, {
            method: "PUT",
            headers: { "content-type": MediaTypes.index },
            body: other,
          }),
        );
      if (moment === "before") {
        await request.body?.cancel();
        await theirs();
        return new Response(null, { status: 412 });
      }
      const answer = await next(request);
      await theirs();
      return answer;
    });
    const error = await assertRejects(
      () => repository.tags.delete("v1"),
      TagDeletionError,
    );
    assertEquals(error.code, "TAG_MOVED", moment);
    assertEquals((await repository.manifests.fetch("v1")).bytes, other);
    await assertRejects(
      () => repository.manifests.fetch(error.placeholder),
      NotFoundError,
    );
  }
});

Deno.test("tags.delete() makes its move conditional where the registry tells an ETag", async () => {
  const matches: (string | null)[] = [];
  const { repository } = await setting(async (request, next) => {
    if (request.method === "PUT" && request.url.endsWith("/v1")) {
      matches.push(request.headers.get("if-match"));
    }
    const answer = await next(request);
    if (request.method !== "HEAD") return answer;
    const headers = new Headers(answer.headers);
    headers.set("etag", '"one"');
    return new Response(null, { status: answer.status, headers });
  });
  await repository.tags.delete("v1");
  assertEquals(matches.at(-1), '"one"');
});

Deno.test("tags.delete() sees where a move did not happen, or did although the line broke", async () => {
  const kept = await setting((request, next) =>
    request.method === "PUT" && request.url.endsWith("/v1") &&
      kept?.seen.some(isPlaceholder)
      ? new Response(null, { status: 201 })
      : next(request)
  );
  const error = await assertRejects(
    () => kept.repository.tags.delete("v1"),
    TagDeletionError,
  );
  assertEquals(error.code, "TAG_KEPT");
  assertEquals(await tagsOf(kept.repository), ["v1", "v2"]);

  const immutable = await setting((request, next) =>
    request.method === "PUT" && request.url.endsWith("/v1") &&
      immutable?.seen.some(isPlaceholder)
      ? new Response(null, { status: 409 })
      : next(request)
  );
  const refused = await assertRejects(
    () => immutable.repository.tags.delete("v1"),
    RegistryError,
    "Cannot move tag v1 of app to a placeholder",
  );
  assertEquals(refused.status, 409);

  const broken = await setting(async (request, next) => {
    const isLast = request.method === "PUT" && request.url.endsWith("/v1") &&
      broken?.seen.some(isPlaceholder);
    const answer = await next(request);
    if (!isLast) return answer;
    throw new ConnectionError("CONNECTION_RESET", "reset", {
      method: "PUT",
      url: request.url,
    });
  });
  await broken.repository.tags.delete("v1");
  assertEquals(await tagsOf(broken.repository), ["v2"]);
});

Deno.test("tags.delete() is not given up between the move and the deletion", async () => {
  const controller = new AbortController();
  const { repository, seen } = await setting((request, next) => {
    if (
      request.method === "PUT" && request.url.endsWith("/v1") &&
      seen.some(isPlaceholder)
    ) controller.abort();
    return next(request);
  });
  await repository.tags.delete("v1", { signal: controller.signal });
  assertEquals(await tagsOf(repository), ["v2"]);
  const reason = await assertRejects(() =>
    repository.tags.delete("v2", { signal: controller.signal })
  );
  assertEquals(reason, controller.signal.reason);
});
