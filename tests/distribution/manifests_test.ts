import { assertEquals, assertRejects } from "@std/assert";
import { Digest, DigestMismatchError } from "@gantry/oci/digest";
import {
  artifactManifest,
  encodeJson,
  imageIndex,
  MediaTypes,
  signSchema1,
  ValidationError,
} from "@gantry/oci/image";
import {
  DeniedError,
  fromHandler,
  InvalidReferenceError,
  MANIFEST_MEDIA_TYPES,
  NotFoundError,
  referrersTag,
  RegistryClient,
  type Repository,
  toSource,
} from "@gantry/oci/distribution";
import { createRegistry } from "@gantry/oci/distribution/server";
import { type Intercept, repository } from "./_repository.ts";

const INDEX = encodeJson(imageIndex([]));
const DIGEST = String(await Digest.fromBytes(INDEX));
const INDEX_TYPE = { mediaType: MediaTypes.index };

async function tagsOf({ tags }: Repository): Promise<string[]> {
  return await Array.fromAsync(tags.list());
}

/** The requests, without what all of them have. */
function short(log: readonly string[]): string[] {
  return log.map((line) =>
    line.replace("/v2/team/app/manifests/", "").replace(DIGEST, "DIGEST")
  );
}

Deno.test("manifests.put() sets several tags with one request (R53)", async () => {
  const { repository: app, log } = repository();
  const tags = ["b", "c"];
  const descriptor = await app.manifests.put("a", INDEX, {
    ...INDEX_TYPE,
    tags,
  });
  assertEquals(descriptor.digest, DIGEST);
  assertEquals(short(log), ["PUT DIGEST?tag=a&tag=b&tag=c 201"]);
  assertEquals(await tagsOf(app), ["a", "b", "c"]);
  assertEquals(app.client.capabilities.multipleTags, true);
  log.length = 0;
  await app.manifests.put(DIGEST, INDEX, { ...INDEX_TYPE, tags: ["d"] });
  await app.manifests.put("e", INDEX, { ...INDEX_TYPE, tags: ["e"] });
  await app.manifests.put("f", INDEX, { ...INDEX_TYPE, tags: [] });
  assertEquals(short(log), ["PUT DIGEST?tag=d 201", "PUT e 201", "PUT f 201"]);
});

Deno.test("manifests.put() sends so many tags at once as every registry should take", async () => {
  const { repository: app, log } = repository();
  const tags = Array.from({ length: 23 }, (_, index) => `t${index}`);
  await app.manifests.put(DIGEST, INDEX, { ...INDEX_TYPE, tags });
  assertEquals(log.length, 3);
  assertEquals((await tagsOf(app)).toSorted(), tags.toSorted());
});

/** A registry that knows nothing of the parameter. */
const ONE_TAG: Intercept = async (request) => {
  const url = new URL(request.url);
  if (!url.searchParams.has("tag")) return undefined;
  url.search = "";
  const { headers, method } = request;
  const body = await request.arrayBuffer();
  return await createRegistry().fetch(
    new Request(url, { method, headers, body }),
  );
};

const REFUSALS: readonly [string, Intercept, boolean | undefined][] = [
  ["tells of none of them", ONE_TAG, false],
  ...[400, 414, 431].map((status): [string, Intercept, undefined] => [
    `answers with ${status}`,
    ({ url }) =>
      url.includes("?tag=") ? new Response(null, { status }) : undefined,
    undefined,
  ]),
];
for (const [what, intercept, learned] of REFUSALS) {
  Deno.test(`manifests.put() sets tags one by one where the registry ${what}`, async () => {
    const { repository: app, log } = repository(intercept);
    const tags = ["a", "b"];
    await app.manifests.put(DIGEST, INDEX, { ...INDEX_TYPE, tags });
    assertEquals(await tagsOf(app), tags);
    assertEquals(app.client.capabilities.multipleTags, learned);
    log.length = 0;
    await app.manifests.put(DIGEST, INDEX, { ...INDEX_TYPE, tags });
    assertEquals(log.length, learned === false ? 2 : 3);
  });
}

Deno.test("manifests.put() sets the tags that the registry left out", async () => {
  const { repository: app, log } = repository(async (request) => {
    if (!request.url.includes("?tag=")) return undefined;
    await request.body?.cancel();
    const { pathname } = new URL(request.url);
    if (log.length > 0) return new Response(null, { status: 500 });
    // Two lines of one header arrive as one (T18).
    const headers = new Headers({ location: pathname });
    headers.append("OCI-Tag", "a");
    headers.append("OCI-Tag", "c");
    return new Response(null, { status: 201, headers });
  }, { retry: { maxAttempts: 1 } });
  const tags = ["a", "b", "c"];
  const { client } = app;
  // What is left is asked for at once again, and that fails here.
  await assertRejects(() =>
    app.manifests.put(DIGEST, INDEX, { ...INDEX_TYPE, tags })
  );
  assertEquals(client.capabilities.multipleTags, true);
  assertEquals(short(log), [
    "PUT DIGEST?tag=a&tag=b&tag=c 201",
    "PUT DIGEST?tag=b 500",
  ]);
});

Deno.test("manifests.put() refuses a malformed tag before anything is sent", async () => {
  const { repository: app, log } = repository();
  await assertRejects(
    () => app.manifests.put("a", INDEX, { ...INDEX_TYPE, tags: ["b&tag=c"] }),
    InvalidReferenceError,
  );
  assertEquals(log, []);
});

Deno.test("manifests.put() fails with the registry's words, however many tags", async () => {
  const { repository: app } = repository(() =>
    Response.json({ errors: [{ code: "DENIED" }] }, { status: 403 })
  );
  for (const tags of [[], ["b", "c"]]) {
    await assertRejects(
      () => app.manifests.put("a", INDEX, { ...INDEX_TYPE, tags }),
      DeniedError,
    );
  }
});

const TYPES: readonly [
  string,
  string | undefined,
  string | undefined,
  string?,
][] = [
  ["the same type", MediaTypes.index, MediaTypes.index],
  [
    "parameters and capitals (R11, T16)",
    "Application/vnd.oci.image.index.v1+JSON; charset=utf-8",
    MediaTypes.index,
  ],
  ["no type in the document", MediaTypes.index, undefined],
  ["no type in the answer", undefined, MediaTypes.index],
  ["a type that says nothing", "application/json", MediaTypes.index],
  [
    "the type of a manifest (R13)",
    MediaTypes.manifest,
    MediaTypes.index,
    "$.mediaType",
  ],
  [
    "another kind of index (R13)",
    MediaTypes.dockerManifestList,
    MediaTypes.index,
    "$.mediaType",
  ],
  [
    "a manifest's type for an index without one",
    MediaTypes.manifest,
    undefined,
    "$.config",
  ],
];
for (const [what, type, own, refused] of TYPES) {
  const verdict = refused === undefined ? "accepts" : "refuses";
  Deno.test(`manifests.get() ${verdict} a document with ${what}`, async () => {
    const document = { schemaVersion: 2, mediaType: own, manifests: [] };
    const { repository: app } = repository(() => {
      const response = new Response(encodeJson(document));
      if (type === undefined) response.headers.delete("content-type");
      else response.headers.set("content-type", type);
      return response;
    });
    if (refused === undefined) {
      const { descriptor } = await app.manifests.get("v1");
      assertEquals(descriptor.mediaType, MediaTypes.index);
      return;
    }
    const error = await assertRejects(
      () => app.manifests.get("v1"),
      ValidationError,
    );
    assertEquals(error.issues.map(({ path }) => path).includes(refused), true);
  });
}

Deno.test("manifests ask for the media types that are wanted (R10)", async () => {
  const asked: (string | null)[] = [];
  const { repository: app } = repository(({ headers }) => {
    asked.push(headers.get("accept"));
    return undefined;
  });
  await app.manifests.put("v1", INDEX, INDEX_TYPE);
  await app.manifests.get("v1");
  await app.manifests.head("v1", { accept: [MediaTypes.index, "a/b"] });
  assertEquals(asked.slice(1), [
    MANIFEST_MEDIA_TYPES.join(", "),
    `${MediaTypes.index}, a/b`,
  ]);
});

Deno.test("manifests.delete() asks for nothing else where the registry lists referrers", async () => {
  const { repository: app, log } = repository(undefined, {
    capabilities: { referrers: true },
  });
  await app.manifests.put("v1", INDEX, INDEX_TYPE);
  await app.manifests.delete("v1");
  await app.manifests.delete(DIGEST);
  assertEquals(short(log.slice(1)), ["DELETE v1 202", "DELETE DIGEST 202"]);
});

Deno.test("manifests.delete() looks whether it is a referrer where that is not known", async () => {
  const { repository: app, log } = repository();
  await app.manifests.put("v1", INDEX, INDEX_TYPE);
  log.length = 0;
  await app.manifests.delete(DIGEST);
  assertEquals(short(log), ["GET DIGEST 200", "DELETE DIGEST 202"]);
  log.length = 0;
  const error = await assertRejects(
    () => app.manifests.delete(DIGEST),
    NotFoundError,
  );
  assertEquals(error.method, "DELETE");
  // A referrer: the registry is asked whether it keeps account of such.
  const subject = await app.manifests.put("v1", INDEX, INDEX_TYPE);
  const note = await app.manifests.put(
    "note",
    encodeJson(artifactManifest({ artifactType: "text/x", subject })),
    { mediaType: MediaTypes.manifest },
  );
  const { repository: fresh, log: asked } = repository(async (request) => {
    const { pathname, search } = new URL(request.url);
    return await app.client.send({
      method: request.method,
      url: pathname + search,
      headers: Object.fromEntries(request.headers),
    });
  });
  await fresh.manifests.delete(note.digest);
  assertEquals(
    asked.map((line) => line.split("/")[0]! + line.split("/").at(-2)),
    ["GET manifests", "GET referrers", "DELETE manifests"],
  );
});

Deno.test("tags.list() leaves out the tags that are made of digests", async () => {
  const { repository: app } = repository();
  const made = referrersTag(DIGEST);
  const sha512 = `sha512-${"0".repeat(64)}`;
  const own = ["v1", "sha256", `${made}-debug`, "sha256-abc", `x${made}`];
  const all = [
    ...own,
    made,
    sha512,
    `${made}.sig`,
    `${made}.att`,
    `${made}.sbom`,
  ];
  await app.manifests.put(DIGEST, INDEX, { ...INDEX_TYPE, tags: all });
  assertEquals((await tagsOf(app)).toSorted(), all.toSorted());
  const listed = app.tags.list({ excludeDigestTags: true, pageSize: 2 });
  assertEquals((await Array.fromAsync(listed)).toSorted(), own.toSorted());
});

Deno.test("repository.push() takes a signed schema 1 manifest by what was signed", async () => {
  const { bytes, descriptor } = await signSchema1({
    schemaVersion: 1,
    name: "team/app",
    tag: "v1",
    architecture: "amd64",
    fsLayers: [],
    history: [],
  });
  const transport = fromHandler(createRegistry({ schema1: "accept" }).fetch);
  const app = new RegistryClient("registry.example", { transport })
    .repository("team/app");
  await app.push(descriptor, toSource(bytes));
  assertEquals(
    (await app.resolve(descriptor.digest)).digest,
    descriptor.digest,
  );
  const other = { ...descriptor, digest: DIGEST };
  const error = await assertRejects(
    () => app.push(other, toSource(bytes)),
    DigestMismatchError,
  );
  assertEquals([error.expected, error.actual], [DIGEST, descriptor.digest]);
});
