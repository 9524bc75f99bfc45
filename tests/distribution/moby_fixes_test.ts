/** What moby-distribution got wrong, or left out, and users met. */
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
} from "@std/assert";
import { DigestMismatchError } from "@gantry/oci/digest";
import {
  encodeJson,
  isIndex,
  MediaTypes,
  parseImageConfig,
} from "@gantry/oci/image";
import {
  DeniedError,
  fixedCredentials,
  fromHandler,
  NotFoundError,
  Reference,
  RegistryClient,
  RegistryError,
  type Repository,
  toSource,
  UnauthorizedError,
} from "@gantry/oci/distribution";
import { createRegistry } from "@gantry/oci/distribution/server";
import { inspect } from "../_support/inspect.ts";
import { describe, repository, textOf } from "./_repository.ts";

const TEXT = "just a demo";

/** The answer with some of its headers changed; null takes one away. */
function altered(
  response: Response,
  changes: Readonly<Record<string, string | null>>,
): Response {
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) headers.delete(name);
    else headers.set(name, value);
  }
  const { body, status } = response;
  return new Response(body, { status, headers });
}

/** A repository of a registry whose answers to a method have other headers. */
function altering(
  method: string,
  changes: (response: Response) => Readonly<Record<string, string | null>>,
): Repository {
  const registry = createRegistry();
  const transport = fromHandler(async (request) => {
    const response = await registry.fetch(request);
    return request.method === method
      ? altered(response, changes(response))
      : response;
  });
  return new RegistryClient("registry.example", { transport })
    .repository("team/app");
}

Deno.test("no error shows the Authorization header", async () => {
  const statuses = [401, 403, 404, 500];
  for (const status of statuses) {
    const { repository: { blobs } } = repository(
      (request) => {
        const shown = request.headers.get("authorization");
        return shown === null
          ? new Response(null, {
            status: 401,
            headers: { "www-authenticate": 'Basic realm="x"' },
          })
          : Response.json(
            { errors: [{ code: "DENIED", message: `no: ${shown}` }] },
            { status },
          );
      },
      {
        credentials: fixedCredentials({ username: "me", password: "s3cr3t" }),
        retry: { maxAttempts: 1 },
      },
    );
    const { digest } = await describe(TEXT);
    const error = await assertRejects(
      () => blobs.get({ digest, size: 1 }),
      RegistryError,
    );
    const shown = `${inspect(error)} ${JSON.stringify(error)}`;
    assert(!shown.includes("s3cr3t"), shown);
    assert(!shown.includes(btoa("me:s3cr3t")), shown);
  }
});

Deno.test("the Location of a PATCH may be relative, and need not come", async () => {
  const relative = (location: string) =>
    new URL(location, "https://registry.example").pathname;
  const cases: ((location: string) => string | null)[] = [
    relative,
    (location) => relative(location).replace(/.*\//, ""),
    () => null,
  ];
  for (const change of cases) {
    const { blobs } = altering("PATCH", ({ headers }) => ({
      location: change(headers.get("location")!),
    }));
    const descriptor = await describe(TEXT);
    const options = { chunkSize: 4 };
    assertEquals(
      await blobs.push(descriptor, toSource(TEXT), options),
      "uploaded",
    );
    assertEquals(await textOf(blobs.get(descriptor)), TEXT);
  }
});

Deno.test("the answer to a PATCH may lack its Range", async () => {
  const { blobs } = altering("PATCH", () => ({ range: null }));
  const descriptor = await describe(TEXT);
  const options = { chunkSize: 4 };
  assertEquals(
    await blobs.push(descriptor, toSource(TEXT), options),
    "uploaded",
  );
  const streamed = await blobs.pushStream(new Blob([TEXT, TEXT]).stream(), {
    chunkSize: 4,
  });
  assertEquals(await textOf(blobs.get(streamed)), TEXT + TEXT);
});

Deno.test("a blob's HEAD may lack its Content-Type", async () => {
  const { repository: { blobs } } = repository(() =>
    altered(new Response(null), { "content-length": "5" })
  );
  const { digest } = await describe(TEXT);
  assertEquals(await blobs.head(digest), {
    mediaType: MediaTypes.octetStream,
    digest,
    size: 5,
  });
});

Deno.test("a manifest is put byte for byte, urls and all, with nothing added", async () => {
  const { repository: { blobs, manifests } } = repository();
  const layer = await describe(TEXT);
  await blobs.push(layer, toSource(TEXT));
  const text = JSON.stringify(
    {
      layers: [{ ...layer, urls: ["https://example.com/layer"] }],
      schemaVersion: 2,
      config: layer,
      mediaType: MediaTypes.dockerManifest,
      unknown: null,
    },
    null,
    3,
  );
  const bytes = new TextEncoder().encode(text);
  const mediaType = MediaTypes.dockerManifest;
  await manifests.put("v1", bytes, { mediaType });
  const got = await manifests.fetch("v1");
  assertEquals(new TextDecoder().decode(got.bytes), text);
  const copied = await manifests.put("v2", got.bytes, { mediaType });
  assertEquals(copied.digest, got.descriptor.digest);
});

Deno.test("an index is got as one", async () => {
  const { repository: { manifests } } = repository();
  const bytes = encodeJson({ schemaVersion: 2, manifests: [] });
  await manifests.put("v1", bytes, { mediaType: MediaTypes.index });
  const { descriptor, value } = await manifests.get("v1");
  assertEquals(descriptor.mediaType, MediaTypes.index);
  assert(isIndex(value));
});

Deno.test("a manifest may have layers of zstd and of any other type, and an artifact's config", async () => {
  const { repository: { blobs, manifests } } = repository();
  const blob = await describe(TEXT);
  await blobs.push(blob, toSource(TEXT));
  const bytes = encodeJson({
    schemaVersion: 2,
    mediaType: MediaTypes.manifest,
    artifactType: "application/vnd.example",
    config: { ...blob, mediaType: "application/vnd.example.config" },
    layers: [
      { ...blob, mediaType: MediaTypes.layerZstd },
      { ...blob, mediaType: "application/vnd.example.layer" },
    ],
  });
  const mediaType = MediaTypes.manifest;
  await manifests.put("v1", bytes, { mediaType });
  assertEquals((await manifests.get("v1")).bytes, bytes);
});

Deno.test("an image config may lack what the specification does not ask for", () => {
  const config = {
    architecture: "amd64",
    os: "linux",
    config: { Healthcheck: { Test: ["NONE"] } },
    rootfs: { type: "layers", diff_ids: [] },
  };
  assertEquals<unknown>(parseImageConfig(encodeJson(config)), config);
});

Deno.test("tags are listed from page to page, and null is no tag", async () => {
  const { repository: { manifests, tags }, log } = repository();
  const bytes = encodeJson({ schemaVersion: 2, manifests: [] });
  const names = ["a", "b", "c", "d", "e"];
  await manifests.put("a", bytes, { mediaType: MediaTypes.index, tags: names });
  assertEquals(await Array.fromAsync(tags.list({ pageSize: 2 })), names);
  assert(log.filter((line) => line.includes("/tags/list")).length >= 3);
  const empty = repository(() => Response.json({ name: "a", tags: null }));
  assertEquals(await Array.fromAsync(empty.repository.tags.list()), []);
});

Deno.test("a download is verified", async () => {
  const { repository: { blobs } } = repository(() =>
    new Response("changed!!!!")
  );
  const descriptor = await describe(TEXT);
  await assertRejects(() => textOf(blobs.get(descriptor)), DigestMismatchError);
});

Deno.test("a token service may give an access_token only", async () => {
  const { repository: { blobs } } = repository((request) => {
    if (new URL(request.url).pathname === "/token") {
      return Response.json({ access_token: "t" });
    }
    return request.headers.get("authorization") === "Bearer t"
      ? undefined
      : new Response(null, {
        status: 401,
        headers: {
          "www-authenticate": 'Bearer realm="https://registry.example/token"',
        },
      });
  });
  const descriptor = await describe(TEXT);
  assertEquals(await blobs.push(descriptor, toSource(TEXT)), "uploaded");
});

Deno.test("nothing is shown before the registry asks, no empty header either", async () => {
  const seen: boolean[] = [];
  const { repository: { client } } = repository((request) => {
    seen.push(request.headers.has("authorization"));
    return new Response();
  }, {
    credentials: fixedCredentials({ username: "me", password: "pw" }),
  });
  await client.ping();
  assertEquals(seen, [false]);
});

Deno.test("a mount that is answered 202 goes on in the session that it opened", async () => {
  const { repository: { blobs }, log } = repository();
  const descriptor = await describe(TEXT);
  const result = await blobs.push(descriptor, toSource(TEXT), {
    mount: { from: "team/empty" },
  });
  assertEquals(result, "uploaded");
  const posts = log.filter((line) => line.startsWith("POST"));
  assertEquals(posts.length, 1, log.join("\n"));
  assert(posts[0]!.includes("mount="));
});

Deno.test("an upload names its media type in Content-Type", async () => {
  const types: (string | null)[] = [];
  const { repository: { blobs } } = repository(({ headers, method }) => {
    if (method === "PUT" || method === "PATCH") {
      types.push(headers.get("content-type"));
    }
    return undefined;
  });
  await blobs.push(await describe(TEXT), toSource(TEXT));
  await blobs.pushStream(new Blob(["another"]).stream(), { chunkSize: 4 });
  assertEquals([...new Set(types)], [MediaTypes.octetStream]);
});

Deno.test("refusals and absence are told apart, with what the registry said", async () => {
  const cases = [
    [401, UnauthorizedError],
    [403, DeniedError],
    [404, NotFoundError],
  ] as const;
  for (const [status, type] of cases) {
    const { repository: { manifests } } = repository(() =>
      Response.json({ errors: [{ code: "CODE", message: "why" }] }, { status })
    );
    const error = await assertRejects(
      () => manifests.get("v1"),
      RegistryError,
    );
    assertInstanceOf(error, type);
    assertEquals(error.status, status);
    assertEquals(error.errors, [{ code: "CODE", message: "why" }]);
  }
});

Deno.test("an image's name may have a digest", () => {
  const digest = `sha256:${"a".repeat(64)}`;
  const reference = Reference.parse(`localhost:5000/python:3@${digest}`);
  assertEquals(reference.registry, "localhost:5000");
  assertEquals(reference.repository, "python");
  assertEquals(reference.tag, "3");
  assertEquals(String(reference.digest), digest);
});
