import { assertEquals } from "@std/assert";
import {
  digestOf,
  errorCode,
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

everywhere("createRegistry() lists tags in byte order", async (registry) => {
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

everywhere("createRegistry() refuses a wrong n with 400", async (registry) => {
  await pushBlob(registry, "app", "x");
  const untagged = await registry.call("/v2/app/tags/list");
  assertEquals(await untagged.json(), { name: "app", tags: [] });
  for (const path of ["/v2/app/tags/list", "/v2/_catalog"]) {
    for (const n of ["-1", "abc", "1.5", "0x10", "", "%0a1"]) {
      const { status, body } = await registry.call(`${path}?n=${n}`);
      await body?.cancel();
      assertEquals([n, status], [n, 400]);
    }
  }
});

everywhere("createRegistry() lists repositories", async (registry) => {
  const sorted = ["a", "a-b", "a.c", "a/b", "a/b/c", "b"];
  for (const name of sorted.toReversed()) await pushBlob(registry, name, "x");
  const list = (query: string) =>
    pages(registry, `/v2/_catalog${query}`, "repositories");
  assertEquals(await list(""), [sorted]);
  assertEquals(await list("?n=4"), [sorted.slice(0, 4), sorted.slice(4)]);
  assertEquals(await list("?n=2&last=a.c"), [["a/b", "a/b/c"], ["b"]]);
});

everywhere("createRegistry() lists referrers", async (registry) => {
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
  "createRegistry() answers 405 for methods that an endpoint has not",
  async (registry) => {
    for (
      const [method, path, allow] of [
        ["POST", "/v2/", "HEAD, GET"],
        ["PUT", "/v2/app/tags/list", "HEAD, GET"],
        ["GET", "/v2/app/blobs/uploads/", "POST"],
        ["PATCH", "/v2/app/manifests/t", "HEAD, GET, PUT, DELETE"],
        ["DELETE", "/v2/_catalog", "HEAD, GET"],
      ] as const
    ) {
      const response = await registry.call(path, { method });
      assertEquals([path, response.status], [path, 405]);
      assertEquals(response.headers.get("allow"), allow);
      assertEquals(await errorCode(response), "UNSUPPORTED");
    }
  },
);

everywhere(
  "createRegistry({ readOnly }) refuses whatever changes content",
  async (registry) => {
    for (
      const [method, path] of [
        ["POST", "/v2/app/blobs/uploads/"],
        ["PATCH", "/v2/app/blobs/uploads/x"],
        ["PUT", "/v2/app/manifests/t"],
        ["DELETE", "/v2/app/manifests/t"],
        ["DELETE", `/v2/app/blobs/${await digestOf("x")}`],
      ] as const
    ) {
      const response = await registry.call(path, { method });
      assertEquals([path, response.status], [path, 405]);
      assertEquals(await errorCode(response), "UNSUPPORTED");
    }
    assertEquals((await registry.head("/v2/")).status, 200);
  },
  { readOnly: true },
);
