import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
} from "@std/assert";
import { Digest, OciError } from "@gantry/oci/digest";
import { NotFoundError, toSource } from "@gantry/oci/distribution";
import {
  EMPTY_CONTENT,
  EMPTY_DESCRIPTOR,
  encodeJson,
  MediaTypes,
} from "@gantry/oci/image";
import { copy, MemoryStore } from "@gantry/oci/oras";
import { network } from "./_network.ts";

const IMAGE = {
  schemaVersion: 2,
  config: EMPTY_DESCRIPTOR,
  layers: [EMPTY_DESCRIPTOR],
};
const INDEX = { schemaVersion: 2, manifests: [EMPTY_DESCRIPTOR] };
const text = (value: unknown): string => JSON.stringify(value);

/** Documents that one reads as an image and another as an index. */
const CONFUSING: readonly [what: string, body: string, type: string][] = [
  ["an index that is sent as a manifest", text(INDEX), MediaTypes.manifest],
  ["a manifest that is sent as an index", text(IMAGE), MediaTypes.index],
  [
    "a manifest that says it is an index",
    text({ ...IMAGE, mediaType: MediaTypes.index }),
    MediaTypes.manifest,
  ],
  [
    "an index of Docker's that is sent as one of OCI's",
    text({ ...INDEX, mediaType: MediaTypes.dockerManifestList }),
    MediaTypes.index,
  ],
  [
    "a mixture that is sent as a manifest",
    text({ ...IMAGE, ...INDEX }),
    MediaTypes.manifest,
  ],
  [
    "a mixture that is sent as an index",
    text({ ...IMAGE, ...INDEX }),
    MediaTypes.index,
  ],
  [
    "a mixture that is sent as nothing in particular",
    text({ ...IMAGE, ...INDEX }),
    "application/json",
  ],
  [
    "a manifest with two lists of layers",
    text(IMAGE).replace('"layers"', '"layers":[],"layers"'),
    MediaTypes.manifest,
  ],
];

for (const [what, body, type] of CONFUSING) {
  Deno.test(`${what} is refused, however it is asked for`, async () => {
    const digest = String(await Digest.fromString(body));
    const net = network((request, { pathname }) =>
      request.method === "GET" && pathname.includes("/manifests/")
        ? new Response(body, { headers: { "content-type": type } })
        : undefined
    );
    using client = net.client();
    await using registry = net.provider();
    const outdir = await Deno.makeTempDir();
    try {
      for (const reference of ["v1", digest]) {
        const separator = reference === "v1" ? ":" : "@";
        await assertRejects(
          () => client.repository("app").manifests.get(reference),
          OciError,
        );
        await assertRejects(
          () => registry.pull(`app${separator}${reference}`, { outdir }),
          OciError,
        );
        await assertRejects(
          () =>
            copy(client.repository("app"), reference, new MemoryStore(), "x"),
          OciError,
        );
      }
      assertEquals(await Array.fromAsync(Deno.readDir(outdir)), []);
      // Nothing that it names was asked for.
      const { digest: named } = EMPTY_DESCRIPTOR;
      assert(net.seen.every(({ path }) => !path.includes(named)));
    } finally {
      await Deno.remove(outdir, { recursive: true });
    }
  });
}

/** What stands in the place of a digest to lead somewhere else. */
const UNSAFE: readonly string[] = [
  "sha256:../../x",
  "..:x",
  "sha256+../:x",
  `sha256:${"A".repeat(64)}`,
  `SHA256:${"a".repeat(64)}`,
  `sha256:${"a".repeat(63)}/`,
  "sha256:..%2f..%2fx",
  "sha256:",
  "",
  `../sha256:${"a".repeat(64)}`,
  `sha256:${"a".repeat(64)}?x=1`,
  `sha256:${"a".repeat(64)}\n`,
];

Deno.test("a digest that leads elsewhere is never put into a path", async () => {
  for (const digest of UNSAFE) {
    const net = network();
    using client = net.client();
    const { blobs, manifests, referrers } = client.repository("app");
    const descriptor = { mediaType: "text/plain", digest, size: 1 };
    for (
      const run of [
        () => blobs.get(descriptor),
        () => blobs.head(digest),
        () => blobs.exists(descriptor),
        () => blobs.push(descriptor, toSource("x")),
        () => blobs.delete(digest),
        () => manifests.get(digest),
        () => manifests.head(digest),
        () => manifests.delete(digest),
        () => Array.fromAsync(referrers.list(digest)),
      ]
    ) {
      await assertRejects(run as () => Promise<unknown>, OciError);
    }
    assertEquals(net.seen, [], digest);
  }
});

Deno.test("a digest in a document that leads elsewhere is never followed", async () => {
  for (const digest of UNSAFE) {
    const bad = { ...EMPTY_DESCRIPTOR, digest };
    for (
      const document of [
        { ...IMAGE, mediaType: MediaTypes.manifest, layers: [bad] },
        { ...IMAGE, mediaType: MediaTypes.manifest, config: bad },
        { ...INDEX, mediaType: MediaTypes.index, manifests: [bad] },
        { ...IMAGE, mediaType: MediaTypes.manifest, subject: bad },
      ]
    ) {
      const net = network((request, { pathname }) =>
        request.method === "GET" && pathname.endsWith("/manifests/v1")
          ? new Response(text(document), {
            headers: { "content-type": document.mediaType },
          })
          : undefined
      );
      using client = net.client();
      await using registry = net.provider();
      const outdir = await Deno.makeTempDir();
      try {
        for (
          const run of [
            () => registry.pull("app:v1", { outdir }),
            () => copy(client.repository("app"), "v1", new MemoryStore(), "v1"),
          ]
        ) {
          const error = await run().then(() => undefined, (error) => error);
          // An empty digest is Go's way to leave one out: nothing is there to follow.
          if (error === undefined) assertEquals(digest, "");
          else assertInstanceOf(error, OciError);
        }
      } finally {
        await Deno.remove(outdir, { recursive: true });
      }
      assert(
        net.seen.every(({ path }) =>
          path === "/v2/app/manifests/v1" ||
          path.endsWith(EMPTY_DESCRIPTOR.digest)
        ),
        `${digest}: ${net.seen.map(({ path }) => path).join(" ")}`,
      );
    }
  }
});

Deno.test("the urls of a layer are never fetched, whatever the registry lacks", async () => {
  const digest = String(await Digest.fromString("foreign"));
  const layer = {
    mediaType: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    digest,
    size: 7,
    urls: ["https://foreign.example/blob", "https://127.0.0.1/blob"],
    annotations: { "org.opencontainers.image.title": "foreign.bin" },
  };
  const document = {
    ...IMAGE,
    mediaType: MediaTypes.manifest,
    layers: [layer],
  };
  const net = network((request, { host, pathname }) => {
    if (host === "foreign.example") return new Response("foreign");
    return request.method === "GET" && pathname.endsWith("/manifests/v1")
      ? new Response(text(document), {
        headers: { "content-type": MediaTypes.manifest },
      })
      : undefined;
  });
  using client = net.client();
  await using registry = net.provider();
  const outdir = await Deno.makeTempDir();
  try {
    await assertRejects(
      () => registry.pull("app:v1", { outdir }),
      NotFoundError,
    );
    await assertRejects(
      () => client.repository("app").blobs.get(layer),
      NotFoundError,
    );
  } finally {
    await Deno.remove(outdir, { recursive: true });
  }
  assertEquals(net.elsewhere(), []);
});

Deno.test("data in a descriptor that has not its digest is not taken for its content", async () => {
  const digest = String(await Digest.fromString("good"));
  const layer = {
    mediaType: "text/plain",
    digest,
    size: 4,
    data: btoa("evil"),
    annotations: { "org.opencontainers.image.title": "file.txt" },
  };
  const document = text({
    ...IMAGE,
    mediaType: MediaTypes.manifest,
    layers: [layer],
  });
  const net = network((request, { pathname }) =>
    request.method === "GET" && pathname.endsWith("/manifests/v1")
      ? new Response(document, {
        headers: { "content-type": MediaTypes.manifest },
      })
      : undefined
  );
  using client = net.client();
  await using registry = net.provider();
  const { blobs } = client.repository("app");
  await blobs.push(layer, toSource("good"));
  await blobs.push(EMPTY_DESCRIPTOR, toSource(EMPTY_CONTENT));
  const outdir = await Deno.makeTempDir();
  try {
    const [path] = await registry.pull("app:v1", { outdir });
    assertEquals(await Deno.readTextFile(path!), "good");
    const store = new MemoryStore();
    await copy(client.repository("app"), "v1", store, "v1");
    assertEquals(await new Response(await store.fetch(layer)).text(), "good");
  } finally {
    await Deno.remove(outdir, { recursive: true });
  }
});

Deno.test("referrers that refer to one another are walked once each", async () => {
  const net = network();
  using client = net.client();
  const source = client.repository("app");
  await source.blobs.push(EMPTY_DESCRIPTOR, toSource(EMPTY_CONTENT));
  const put = async (tag: string, note: string) =>
    await source.manifests.put(
      tag,
      encodeJson({
        ...IMAGE,
        mediaType: MediaTypes.manifest,
        annotations: { note },
      }),
      { mediaType: MediaTypes.manifest },
    );
  const [a, b] = [await put("a", "a"), await put("b", "b")];
  // A registry can say anything: here each is a referrer of the other.
  const liar = network(async (request, { pathname }) => {
    const [, subject] = /\/referrers\/(.+)$/.exec(pathname) ?? [];
    if (subject !== undefined) {
      const other = subject === a.digest ? b : a;
      return Response.json(
        { ...INDEX, mediaType: MediaTypes.index, manifests: [other, a, b] },
        { headers: { "content-type": MediaTypes.index } },
      );
    }
    const [, reference = ""] = /\/manifests\/(.+)$/.exec(pathname) ?? [];
    if (reference !== "") {
      const { bytes, descriptor } = await source.manifests.fetch(reference);
      return new Response(bytes, {
        headers: {
          "content-type": descriptor.mediaType,
          "docker-content-digest": descriptor.digest,
        },
      });
    }
    return request.method === "GET"
      ? new Response(EMPTY_CONTENT.slice())
      : new Response(null, { headers: { "content-length": "2" } });
  });
  using other = liar.client();
  const target = new MemoryStore();
  await copy(other.repository("app"), "a", target, "a", { recursive: true });
  assert(await target.exists(a));
  assert(await target.exists(b));
  const asked = liar.seen.filter(({ path }) => path.includes("/referrers/"));
  assert(asked.length <= 2, `${asked.length} lists of referrers`);
});
