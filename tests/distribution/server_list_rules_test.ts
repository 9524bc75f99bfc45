import { assert, assertEquals } from "@std/assert";
import {
  digestOf,
  everywhere,
  INDEX,
  MANIFEST,
  manifestText,
  pushBlob,
  putManifest,
  type Registry,
} from "./_registries.ts";

/** Follows `Link` headers to the end, and gives the pages. */
async function pages(
  registry: Registry,
  path: string,
  field: string,
): Promise<unknown[][]> {
  const found: unknown[][] = [];
  for (let next: string | undefined = path; next !== undefined;) {
    const response: Response = await registry.call(next);
    assertEquals(response.status, 200);
    found.push((await response.json())[field]);
    const link: string | null = response.headers.get("link");
    next = link === null ? undefined : /^<(.+)>; rel="next"$/.exec(link)![1];
  }
  return found;
}

everywhere("R61 tags are in byte order, in pages", async (registry) => {
  const text = await manifestText();
  for (const tag of ["b", "A", "a.1", "_x", "a-1", "B", "10", "9"]) {
    await putManifest(registry, "app", tag, text);
  }
  const sorted = ["10", "9", "A", "B", "_x", "a-1", "a.1", "b"];
  const list = async (query: string) =>
    await pages(registry, `/v2/app/tags/list${query}`, "tags");
  assertEquals(await list(""), [sorted]);
  assertEquals(await list("?n=3"), [
    sorted.slice(0, 3),
    sorted.slice(3, 6),
    sorted.slice(6),
  ]);
  assertEquals(await list("?n=8"), [sorted]);
  assertEquals(await list("?n=0"), [[]]);
  assertEquals(await list("?n=99999999999999999999"), [sorted]);
  assertEquals(await list("?last=B"), [sorted.slice(4)]);
  // `last` need not be a tag that exists.
  assertEquals(await list("?last=AAA&n=2"), [
    ["B", "_x"],
    ["a-1", "a.1"],
    ["b"],
  ]);
});

everywhere("R62 a wrong n is 400", async (registry) => {
  await pushBlob(registry, "app", "x");
  for (const path of ["/v2/app/tags/list", "/v2/_catalog"]) {
    for (const n of ["-1", "abc", "1.5", "0x10", "", "%0a1"]) {
      const { status, body } = await registry.call(`${path}?n=${n}`);
      await body?.cancel();
      assertEquals([n, status], [n, 400]);
    }
  }
});

everywhere("R8 the catalog lists repositories", async (registry) => {
  const sorted = ["a", "a-b", "a.c", "a/b", "a/b/c", "b"];
  for (const name of sorted.toReversed()) await pushBlob(registry, name, "x");
  const list = (query: string) =>
    pages(registry, `/v2/_catalog${query}`, "repositories");
  assertEquals(await list(""), [sorted]);
  assertEquals(await list("?n=4"), [sorted.slice(0, 4), sorted.slice(4)]);
  assertEquals(await list("?n=2&last=a.c"), [["a/b", "a/b/c"], ["b"]]);
});

everywhere("R68 referrers are described", async (registry) => {
  const text = await manifestText();
  const subject = {
    mediaType: MANIFEST,
    digest: await digestOf(text),
    size: text.length,
  };
  const path = `/v2/app/referrers/${subject.digest}`;
  const empty = await registry.call(path);
  assertEquals(empty.status, 200);
  assertEquals(empty.headers.get("content-type"), INDEX);
  assertEquals((await empty.json()).manifests, []);

  const annotations = { "org.example": "é" };
  const documents: [string, string][] = [
    [
      await manifestText({ subject, artifactType: "a/sbom", annotations }),
      MANIFEST,
    ],
    [await manifestText({ subject, layers: null }), MANIFEST],
    [
      JSON.stringify({ schemaVersion: 2, manifests: [], subject }),
      INDEX,
    ],
  ];
  const types = [
    "a/sbom",
    "application/vnd.oci.image.config.v1+json",
    undefined,
  ];
  const expected: Record<string, unknown>[] = [];
  for (const [index, [document, mediaType]] of documents.entries()) {
    const digest = await digestOf(document);
    const pushed = await putManifest(
      registry,
      "app",
      index === 0 ? "tagged" : digest,
      document,
      mediaType,
    );
    assertEquals(pushed.headers.get("oci-subject"), subject.digest);
    const artifactType = types[index];
    expected.push({
      mediaType,
      digest,
      size: new TextEncoder().encode(document).length,
      ...(index === 0 ? { annotations } : {}),
      ...(artifactType === undefined ? {} : { artifactType }),
    });
  }
  const byDigest = expected.toSorted((a, b) =>
    String(a.digest) < String(b.digest) ? -1 : 1
  );
  assertEquals(await pages(registry, path, "manifests"), [byDigest]);
  assertEquals(await pages(registry, `${path}?n=2`, "manifests"), [
    byDigest.slice(0, 2),
    byDigest.slice(2),
  ]);

  const filtered = await registry.call(`${path}?artifactType=a/sbom`);
  assertEquals(filtered.headers.get("oci-filters-applied"), "artifactType");
  assertEquals((await filtered.json()).manifests, [expected[0]]);

  await registry.head(`/v2/app/manifests/${expected[0]!.digest}`, {
    method: "DELETE",
  });
  const left = await pages(registry, path, "manifests");
  assertEquals(left, [byDigest.filter((entry) => entry !== expected[0])]);
  assertEquals(
    await pages(
      registry,
      `/v2/nowhere/referrers/${subject.digest}`,
      "manifests",
    ),
    [[]],
  );
});

everywhere(
  "R60 a repository without tags has an empty list",
  async (registry) => {
    await pushBlob(registry, "app", "x");
    const list = await registry.call("/v2/app/tags/list");
    assertEquals(list.status, 200);
    assertEquals(list.headers.get("content-type"), "application/json");
    assertEquals(await list.json(), { name: "app", tags: [] });
  },
);

/** Makes tags `a`, `b`, `c` … and gives a way to ask for them. */
async function tagged(registry: Registry, tags: string) {
  const text = await manifestText();
  for (const tag of tags) await putManifest(registry, "app", tag, text);
  return async (query: string): Promise<[string, string | null]> => {
    const response = await registry.call(`/v2/app/tags/list${query}`);
    assertEquals([query, response.status], [query, 200]);
    const { tags } = await response.json();
    return [tags.join(""), response.headers.get("link")];
  };
}

everywhere("R62 a page is full, or the last one", async (registry) => {
  const ask = await tagged(registry, "abcde");
  assertEquals((await ask("?n=2"))[0], "ab");
  assertEquals(await ask("?n=5"), ["abcde", null]);
  assertEquals(await ask("?n=6"), ["abcde", null]);
  // An absurd n is cut down, and never sizes anything.
  for (const n of [2 ** 31, 2 ** 53, "9".repeat(19), "9".repeat(300)]) {
    assertEquals(await ask(`?n=${n}`), ["abcde", null]);
  }
});

everywhere("R63 a Link leads to the next page", async (registry) => {
  const ask = await tagged(registry, "abcde");
  const [, link] = await ask("?n=2");
  assertEquals(link, '</v2/app/tags/list?n=2&last=b>; rel="next"');
  assertEquals(await pages(registry, "/v2/app/tags/list?n=2", "tags"), [
    ["a", "b"],
    ["c", "d"],
    ["e"],
  ]);
});

everywhere("R64 n=0 is an empty list without a Link", async (registry) => {
  const ask = await tagged(registry, "abc");
  assertEquals(await ask("?n=0"), ["", null]);
  assertEquals(await ask("?n=0&last=a"), ["", null]);
});

everywhere("R65 last is exclusive, and needs no n", async (registry) => {
  const ask = await tagged(registry, "abcde");
  assertEquals(await ask("?last=b"), ["cde", null]);
  assertEquals(await ask("?last=bb"), ["cde", null]);
  assertEquals((await ask("?last=b&n=1"))[0], "c");
  assertEquals(await ask("?last=e"), ["", null]);
  assertEquals(await ask("?last="), ["abcde", null]);
  assertEquals(await ask("?last=%0d%0aX:1"), ["abcde", null]);
});

everywhere(
  "R67 the referrers of nothing are an empty index",
  async (registry) => {
    const digest = await digestOf("x");
    for (const repository of ["app", "nowhere"]) {
      const path = `/v2/${repository}/referrers/${digest}`;
      const response = await registry.call(path);
      assertEquals(response.status, 200);
      assertEquals(response.headers.get("content-type"), INDEX);
      assertEquals(await response.json(), {
        schemaVersion: 2,
        mediaType: INDEX,
        manifests: [],
      });
      await pushBlob(registry, "app", "x");
    }
    for (const digest of ["latest", "sha256:abc", "md5:00"]) {
      const path = `/v2/app/referrers/${digest}`;
      assertEquals((await registry.head(path)).status, 400);
    }
  },
);

/** A manifest about another one. */
async function referrer(
  text: string,
  fields: Record<string, unknown>,
): Promise<string> {
  const digest = await digestOf(text);
  const subject = { mediaType: MANIFEST, digest, size: text.length };
  return await manifestText({ subject, ...fields });
}

everywhere(
  "annotations that are not texts do not spoil a list of referrers",
  async (registry) => {
    const digest = await digestOf("subject");
    const subject = { mediaType: MANIFEST, digest, size: 7 };
    const document = JSON.stringify({ subject, annotations: { count: 1 } });
    await putManifest(registry, "app", "odd", document, "application/x.odd");
    const response = await registry.call(`/v2/app/referrers/${digest}`);
    const { manifests } = await response.json();
    assertEquals(manifests, [{
      mediaType: "application/x.odd",
      digest: await digestOf(document),
      size: document.length,
    }]);
  },
);

everywhere("R70 many referrers come in pages", async (registry) => {
  const text = await manifestText();
  const large = "x".repeat(1_200_000);
  for (const n of [1, 2, 3, 4]) {
    const about = await referrer(text, { annotations: { large, n: `${n}` } });
    await putManifest(registry, "app", `v${n}`, about);
  }
  const path = `/v2/app/referrers/${await digestOf(text)}`;
  const found = await pages(registry, path, "manifests");
  assert(found.length > 1);
  assertEquals(found.flat().length, 4);
  assertEquals(
    (await pages(registry, `${path}?n=3`, "manifests")).flat(),
    found.flat(),
  );
});

everywhere("R71 referrers are filtered by artifact type", async (registry) => {
  const text = await manifestText();
  for (const artifactType of ["a/one", "a/two", "a/two", undefined]) {
    const annotations = { n: `${Math.random()}` };
    const about = await referrer(text, { artifactType, annotations });
    await putManifest(registry, "app", await digestOf(about), about);
  }
  const ask = async (query: string): Promise<[number, string | null]> => {
    const path = `/v2/app/referrers/${await digestOf(text)}${query}`;
    const response = await registry.call(path);
    const { manifests } = await response.json();
    return [manifests.length, response.headers.get("oci-filters-applied")];
  };
  assertEquals(await ask(""), [4, null]);
  assertEquals(await ask("?artifactType=a/two"), [2, "artifactType"]);
  assertEquals(await ask("?artifactType=a%2Fone"), [1, "artifactType"]);
  assertEquals(await ask("?artifactType=a/none"), [0, "artifactType"]);
});

everywhere(
  "R75 what was pushed with a schema tag is listed",
  async (registry) => {
    const text = await manifestText();
    const digest = await digestOf(text);
    const about = await referrer(text, { artifactType: "a/b" });
    const aboutDigest = await digestOf(about);
    await putManifest(registry, "app", aboutDigest, about);
    const entry = {
      mediaType: MANIFEST,
      digest: aboutDigest,
      size: about.length,
    };
    const index = { schemaVersion: 2, mediaType: INDEX, manifests: [entry] };
    const tag = digest.replace(":", "-");
    await putManifest(registry, "app", tag, JSON.stringify(index), INDEX);
    const response = await registry.call(`/v2/app/referrers/${digest}`);
    const { manifests } = await response.json();
    assertEquals(manifests, [{ ...entry, artifactType: "a/b" }]);
  },
);
