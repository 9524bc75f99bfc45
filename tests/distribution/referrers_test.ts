import { assertEquals, assertRejects } from "@std/assert";
import { Digest } from "@gantry/oci/digest";
import {
  artifactManifest,
  type Descriptor,
  encodeJson,
  imageIndex,
  type Index,
  MediaTypes,
} from "@gantry/oci/image";
import {
  ConnectionError,
  DeniedError,
  NotFoundError,
  ProtocolError,
  referrersTag,
  type Repository,
  SecurityError,
  UnauthorizedError,
} from "@gantry/oci/distribution";
import { type Intercept, repository } from "./_repository.ts";

const SBOM = "application/vnd.example.sbom";
const NOTE = "application/vnd.example.note";

const TAGS: readonly [string, string][] = [
  [`sha256:${"a".repeat(64)}`, `sha256-${"a".repeat(64)}`],
  [`sha512:${"b".repeat(128)}`, `sha512-${"b".repeat(64)}`],
  [
    "test+algorithm+using+algorithm+separators+and+lots+of+characters+to+excercise+overall+truncation:alsoSome=InTheEncodedSectionToShowHyphenReplacementAndLotsAndLotsOfCharactersToExcerciseEncodedTruncation",
    "test-algorithm-using-algorithm-s-alsoSome-InTheEncodedSectionToShowHyphenReplacementAndLotsAndLot",
  ],
];
for (const [digest, tag] of TAGS) {
  Deno.test(`referrersTag() of ${digest.slice(0, 30)}… cuts and replaces (R74)`, () => {
    assertEquals(referrersTag(digest), tag);
  });
}

/** What a registry without the referrers endpoint answers to it. */
function withoutApi(
  answer: () => Response = () => new Response("404 page", { status: 404 }),
): Intercept {
  return (request) =>
    new URL(request.url).pathname.includes("/referrers/")
      ? answer()
      : undefined;
}

/** A registry that neither lists referrers nor says that it took one. */
function ancient(): ReturnType<typeof repository> {
  const bare = repository();
  const { client, name } = bare.repository;
  const log: string[] = [];
  const old = repository(async (request) => {
    const { pathname, search } = new URL(request.url);
    if (pathname.includes("/referrers/")) {
      return new Response("404 page", { status: 404 });
    }
    const body = request.body === null
      ? undefined
      : new Uint8Array(await request.arrayBuffer());
    const response = await client.send({
      method: request.method,
      url: `${pathname}${search}`,
      headers: Object.fromEntries(request.headers),
      body,
    });
    log.push(`${request.method} ${pathname.replace(`/v2/${name}`, "")}`);
    const headers = new Headers(response.headers);
    headers.delete("oci-subject");
    return new Response(response.body, { status: response.status, headers });
  });
  return { ...old, log };
}

async function putSubject({ manifests }: Repository): Promise<Descriptor> {
  return await manifests.put("v1", encodeJson(imageIndex([])), {
    mediaType: MediaTypes.index,
  });
}

async function attach(
  { manifests }: Repository,
  subject: Descriptor,
  artifactType: string,
  text = "",
): Promise<Descriptor> {
  const annotations = { "org.example.text": text };
  const bytes = encodeJson(
    artifactManifest({ artifactType, subject, annotations }),
  );
  const digest = String(await Digest.fromBytes(bytes));
  return await manifests.put(digest, bytes, { mediaType: MediaTypes.manifest });
}

async function listOf(
  { referrers }: Repository,
  subject: Descriptor,
  artifactType?: string,
): Promise<string[]> {
  const found = await Array.fromAsync(
    referrers.list(subject, { artifactType }),
  );
  return found.map(({ digest }) => digest);
}

Deno.test("referrers.list() gives what the registry lists, with type and annotations", async () => {
  const { repository: app, log } = repository();
  const subject = await putSubject(app);
  const sbom = await attach(app, subject, SBOM, "one");
  const note = await attach(app, subject, NOTE);
  log.length = 0;
  const found = await Array.fromAsync(app.referrers.list(subject.digest));
  assertEquals(
    found.toSorted((a, b) => a.artifactType! < b.artifactType! ? 1 : -1),
    [
      {
        ...sbom,
        annotations: { "org.example.text": "one" },
        artifactType: SBOM,
      },
      { ...note, annotations: { "org.example.text": "" }, artifactType: NOTE },
    ],
  );
  assertEquals(await listOf(app, subject, SBOM), [sbom.digest]);
  assertEquals(log.length, 2);
  assertEquals(app.client.capabilities.referrers, true);
});

Deno.test("referrers.list() follows pages, and stops when its reader does", async () => {
  const { repository: app, log } = repository();
  const subject = await putSubject(app);
  const all: string[] = [];
  for (const text of ["a", "b", "c"]) {
    all.push((await attach(app, subject, NOTE, text)).digest);
  }
  log.length = 0;
  const list = () => app.referrers.list(subject, { pageSize: 1 });
  const found = await Array.fromAsync(list(), ({ digest }) => digest);
  assertEquals(found.toSorted(), all.toSorted());
  assertEquals(log.length, 3);
  for await (const _one of list()) break;
  assertEquals(log.length, 4);
  await assertRejects(
    () => Array.fromAsync(app.referrers.list(subject, { pageSize: 0 })),
    RangeError,
  );
});

Deno.test("referrers.list() filters where the registry does not (R72), and trusts it where it does (R71)", async () => {
  const entry = (artifactType: string, text: string): Descriptor => ({
    mediaType: MediaTypes.manifest,
    digest: `sha256:${text.repeat(64)}`,
    size: 1,
    artifactType,
  });
  const entries = [entry(SBOM, "a"), entry(NOTE, "b"), entry(SBOM, "a")];
  const asked: string[] = [];
  const answer = (headers: Record<string, string>) =>
    repository((request) => {
      asked.push(new URL(request.url).search);
      return new Response(encodeJson(imageIndex(entries)), {
        headers: {
          "content-type": "Application/vnd.oci.image.index.v1+json; charset=x",
          ...headers,
        },
      });
    }).repository;
  const subject = entry(NOTE, "c");
  assertEquals(await listOf(answer({}), subject, SBOM), [entries[0]!.digest]);
  const applied = answer({ "oci-filters-applied": "other, artifactType" });
  assertEquals(
    await listOf(applied, subject, SBOM),
    [entries[0]!.digest, entries[1]!.digest],
  );
  assertEquals(
    asked,
    Array(2).fill(`?artifactType=${encodeURIComponent(SBOM)}`),
  );
});

const ABSENT: readonly [string, () => Response, boolean | undefined][] = [
  ["404", () => new Response("404 page", { status: 404 }), false],
  ["405", () => new Response(null, { status: 405 }), false],
  ["406, as Artifactory", () => new Response(null, { status: 406 }), false],
  ["400, as Quay", () => new Response(null, { status: 400 }), undefined],
  [
    "401 without a challenge, as Harbor",
    () => new Response(null, { status: 401 }),
    undefined,
  ],
  [
    "a page for people",
    () => new Response("<html>", { headers: { "content-type": "text/html" } }),
    false,
  ],
  [
    "a repository that it does not know",
    () =>
      Response.json({ errors: [{ code: "NAME_UNKNOWN" }] }, { status: 404 }),
    undefined,
  ],
];
for (const [what, answer, learned] of ABSENT) {
  Deno.test(`referrers.list() reads the referrers tag where the registry answers with ${what} (R73, T12)`, async () => {
    const { repository: app, log } = repository(withoutApi(answer));
    const subject = await putSubject(app);
    const entry = { ...subject, digest: `sha256:${"d".repeat(64)}` };
    await app.manifests.put(
      referrersTag(subject.digest),
      encodeJson(imageIndex([
        { ...entry, artifactType: SBOM },
        { ...entry, digest: `sha256:${"e".repeat(64)}` },
      ])),
      { mediaType: MediaTypes.index },
    );
    assertEquals(await listOf(app, subject, SBOM), [entry.digest]);
    assertEquals(app.client.capabilities.referrers, learned);
    log.length = 0;
    assertEquals((await listOf(app, subject)).length, 2);
    assertEquals(log.length, learned === false ? 1 : 2);
  });
}

Deno.test("referrers.list() finds none where there is no referrers tag, or none that says anything", async () => {
  const { repository: app } = repository(withoutApi());
  const subject = await putSubject(app);
  assertEquals(await listOf(app, subject), []);
  const manifest = encodeJson(artifactManifest({ artifactType: NOTE }));
  const tag = referrersTag(subject.digest);
  await app.manifests.put(tag, manifest, { mediaType: MediaTypes.manifest });
  assertEquals(await listOf(app, subject), []);
  // GitLab finds the subject itself under that tag.
  const child = { ...subject, digest: `sha256:${"d".repeat(64)}` };
  const index = encodeJson(imageIndex([child]));
  const itself = await app.manifests.put("v2", index, {
    mediaType: MediaTypes.index,
  });
  await app.manifests.put(referrersTag(itself.digest), index, {
    mediaType: MediaTypes.index,
  });
  assertEquals(await listOf(app, itself), []);
});

Deno.test("referrers.list() tells one who is not let in", async () => {
  const challenge = { "www-authenticate": 'Basic realm="x"' };
  const { repository: app } = repository(
    withoutApi(() => new Response(null, { status: 401, headers: challenge })),
  );
  const list = app.referrers.list(`sha256:${"a".repeat(64)}`);
  await assertRejects(() => Array.fromAsync(list), UnauthorizedError);
});

Deno.test("referrers.list() follows no link to another host", async () => {
  const { repository: app } = repository(() =>
    new Response(encodeJson(imageIndex([])), {
      headers: {
        "content-type": MediaTypes.index,
        link: '<https://evil.example/x>; rel="next"',
      },
    })
  );
  const list = app.referrers.list(`sha256:${"a".repeat(64)}`);
  await assertRejects(() => Array.fromAsync(list), SecurityError);
});

Deno.test("manifests.put() with a subject costs one request where the registry keeps account (R58)", async () => {
  const { repository: app, log } = repository();
  const subject = await putSubject(app);
  log.length = 0;
  await attach(app, subject, SBOM);
  assertEquals(log.length, 1);
});

Deno.test("manifests.put() and delete() keep the referrers tag where the registry does not (R59, R78)", async () => {
  const { repository: app, log } = ancient();
  const subject = await putSubject(app);
  const sbom = await attach(app, subject, SBOM, "one");
  assertEquals(log.slice(1).map((line) => line.replace(/sha256[:-].*/, "…")), [
    "PUT /manifests/…",
    "GET /manifests/…",
    "PUT /manifests/…",
    "HEAD /manifests/…",
  ]);
  const note = await attach(app, subject, NOTE);
  await attach(app, subject, NOTE);
  const tag = referrersTag(subject.digest);
  const index = (await app.manifests.get(tag)).value as Index;
  assertEquals(index.manifests, [
    { ...sbom, annotations: { "org.example.text": "one" }, artifactType: SBOM },
    { ...note, annotations: { "org.example.text": "" }, artifactType: NOTE },
  ]);
  assertEquals(await listOf(app, subject), [sbom.digest, note.digest]);
  await app.manifests.delete(sbom.digest);
  assertEquals(await listOf(app, subject), [note.digest]);
  await assertRejects(() => app.manifests.get(sbom.digest), NotFoundError);
  await app.manifests.delete(note.digest);
  assertEquals(await listOf(app, subject), []);
});

Deno.test("manifests.put() waits for no other list of the same subject when it is aborted", async () => {
  const bare = repository();
  const subject = await putSubject(bare.repository);
  const held = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const { repository: app } = repository(async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname.endsWith(referrersTag(subject.digest))) {
      asked.resolve();
      await held.promise;
      return new Response(null, { status: 403 });
    }
    return new Response(null, { status: 201 });
  });
  const put = (text: string, signal?: AbortSignal) => {
    const annotations = { text };
    const bytes = encodeJson(
      artifactManifest({ artifactType: NOTE, subject, annotations }),
    );
    const mediaType = MediaTypes.manifest;
    return app.manifests.put(text, bytes, { mediaType, signal });
  };
  const first = assertRejects(() => put("first"), DeniedError);
  await asked.promise;
  const reason = new Error("enough");
  const controller = new AbortController();
  const second = assertRejects(() => put("second", controller.signal));
  const third = assertRejects(() => put("third"), DeniedError);
  await new Promise((resolve) => setTimeout(resolve, 5));
  controller.abort(reason);
  assertEquals(await second, reason);
  held.resolve();
  await Promise.all([first, third]);
});

Deno.test("manifests.delete() leaves no referrer listed that it has deleted, whatever breaks before", async () => {
  const { repository: app } = ancient();
  const subject = await putSubject(app);
  const { digest } = await attach(app, subject, SBOM);
  // One that knows nothing of the registry yet.
  function fresh(broken: string, answer: () => Response): Repository {
    return repository(async (request) => {
      const { pathname, search } = new URL(request.url);
      const body = await request.bytes();
      if (`${request.method} ${pathname}`.includes(broken)) return answer();
      if (pathname.includes("/referrers/")) {
        return new Response(null, { status: 404 });
      }
      return await app.client.send({
        method: request.method,
        url: pathname + search,
        headers: Object.fromEntries(request.headers),
        ...body.byteLength > 0 && { body },
      });
    }, { retry: { maxAttempts: 1 } }).repository;
  }
  const cut = () => {
    throw new ConnectionError("CONNECTION_RESET", "the line broke", {
      method: "GET",
      url: "https://registry.example/",
    });
  };
  for (
    const broken of [`GET /v2/team/app/manifests/${digest}`, "/referrers/"]
  ) {
    await assertRejects(
      () => fresh(broken, cut).manifests.delete(digest),
      ConnectionError,
    );
    assertEquals(await listOf(app, subject), [digest]);
    await app.manifests.get(digest);
  }
  // What a registry answers that cannot list is no reason to keep the manifest.
  const failing = fresh(
    "/referrers/",
    () => new Response(null, { status: 500 }),
  );
  await failing.manifests.delete(digest);
  assertEquals(await listOf(app, subject), []);
  await assertRejects(() => app.manifests.get(digest), NotFoundError);
});

Deno.test("manifests.put() names a referrer by its config where it has no type of artifact (R59)", async () => {
  const { repository: app } = ancient();
  const subject = await putSubject(app);
  const manifest = {
    ...artifactManifest({ artifactType: NOTE }),
    artifactType: undefined,
    config: { ...subject, mediaType: "application/vnd.example.config" },
    subject,
  };
  await app.manifests.put("image", encodeJson(manifest), {
    mediaType: MediaTypes.manifest,
  });
  await app.manifests.put(
    "index",
    encodeJson(imageIndex([], { subject })),
    { mediaType: MediaTypes.index },
  );
  const found = await Array.fromAsync(app.referrers.list(subject));
  assertEquals(
    found.map(({ artifactType }) => artifactType),
    ["application/vnd.example.config", undefined],
  );
});

Deno.test("manifests.put() loses no referrer that one client pushes at the same time", async () => {
  const { repository: app } = ancient();
  const subject = await putSubject(app);
  const pushed = await Promise.all(
    ["a", "b", "c", "d", "e"].map((text) => attach(app, subject, NOTE, text)),
  );
  assertEquals(
    (await listOf(app, subject)).toSorted(),
    pushed.map(({ digest }) => digest).toSorted(),
  );
});

Deno.test("manifests.put() adds to the referrers tag anew where somebody else wrote it meanwhile", async () => {
  const { repository: app, log } = ancient();
  const subject = await putSubject(app);
  const mine = await attach(app, subject, SBOM);
  const tag = referrersTag(subject.digest);
  const other = { ...mine, digest: `sha256:${"f".repeat(64)}` };
  // The other's list stands where this one's was just written.
  let meddles = true;
  const { repository: behind } = repository(async (request) => {
    const { pathname } = new URL(request.url);
    const body = request.body === null
      ? undefined
      : new Uint8Array(await request.arrayBuffer());
    const response = await app.client.send({
      method: request.method,
      url: pathname,
      headers: Object.fromEntries(request.headers),
      body,
    });
    if (meddles && request.method === "PUT" && pathname.endsWith(tag)) {
      meddles = false;
      await app.manifests.put(tag, encodeJson(imageIndex([mine, other])), {
        mediaType: MediaTypes.index,
      });
    }
    return response;
  });
  const late = await attach(behind, subject, NOTE, "late");
  assertEquals(
    (await listOf(app, subject)).toSorted(),
    [mine, other, late].map(({ digest }) => digest).toSorted(),
  );
  assertEquals(
    log.filter((line) => line === `PUT /manifests/${tag}`).length,
    4,
  );
});

Deno.test("manifests.put() reads the referrers tag anew after a 412, and names it in If-Match", async () => {
  const conditions: (string | null)[] = [];
  let refuse = true;
  const old = ancient();
  const subject = await putSubject(old.repository);
  const first = await attach(old.repository, subject, SBOM);
  const { repository: app } = repository(async (request) => {
    const { pathname } = new URL(request.url);
    if (request.method === "PUT" && pathname.includes("/sha256-")) {
      conditions.push(request.headers.get("if-match"));
      if (refuse) {
        refuse = false;
        return new Response(null, { status: 412 });
      }
    }
    const body = request.body === null
      ? undefined
      : new Uint8Array(await request.arrayBuffer());
    return await old.repository.client.send({
      method: request.method,
      url: pathname,
      headers: Object.fromEntries(request.headers),
      body,
    });
  });
  const second = await attach(app, subject, NOTE);
  assertEquals(await listOf(app, subject), [first.digest, second.digest]);
  assertEquals(conditions.length, 2);
  assertEquals(conditions.every((etag) => etag?.startsWith('"sha256:')), true);
});

Deno.test("manifests.put() stops where the referrers tag holds no index (R59)", async () => {
  const { repository: app } = ancient();
  const subject = await putSubject(app);
  await app.manifests.put(
    referrersTag(subject.digest),
    encodeJson(artifactManifest({ artifactType: NOTE })),
    { mediaType: MediaTypes.manifest },
  );
  const error = await assertRejects(
    () => attach(app, subject, SBOM),
    ProtocolError,
  );
  assertEquals(error.code, "REFERRERS_INVALID");
});

Deno.test("capabilities.referrers that a caller sets stays", async () => {
  const { repository: app, log } = repository(undefined, {
    capabilities: { referrers: false },
  });
  const subject = await putSubject(app);
  const sbom = await attach(app, subject, SBOM);
  log.length = 0;
  assertEquals(await listOf(app, subject), [sbom.digest]);
  assertEquals(log, [
    `GET /v2/team/app/manifests/${referrersTag(subject.digest)} 200`,
  ]);
  assertEquals(app.client.capabilities.referrers, false);
});
