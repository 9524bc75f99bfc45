import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  fromHandler,
  RegistryClient,
  type Repository,
} from "@gantry/oci/distribution";
import { createRegistry } from "@gantry/oci/distribution/server";
import {
  EMPTY_CONTENT,
  EMPTY_DESCRIPTOR,
  MediaTypes,
  parsePlatform,
} from "@gantry/oci/image";
import {
  copy,
  CopyError,
  copyGraph,
  MemoryStore,
  type Store,
} from "@gantry/oci/oras";
import {
  blob,
  document,
  fill,
  image,
  multiPlatform,
  type Piece,
  referrer,
} from "./stores/_graphs.ts";

const EMPTY: Piece = { descriptor: EMPTY_DESCRIPTOR, bytes: EMPTY_CONTENT };

interface Seen {
  readonly requests: string[];
  client: RegistryClient;
  repository(name: string): Repository;
}

/** A registry in memory that remembers what it was asked. */
function openRegistry(
  meddle?: (request: Request) => Response | undefined,
): Seen {
  const registry = createRegistry();
  const requests: string[] = [];
  const transport = fromHandler((request) => {
    const url = new URL(request.url);
    requests.push(`${request.method} ${url.pathname}${url.search}`);
    return meddle?.(request) ?? registry.fetch(request);
  });
  const client = new RegistryClient("registry.example", {
    transport,
    retry: { maxAttempts: 1 },
  });
  return { requests, client, repository: (name) => client.repository(name) };
}

async function filled(
  pieces: readonly Piece[],
  tag = "v1",
): Promise<MemoryStore> {
  const store = new MemoryStore();
  await fill(store, pieces);
  await store.tag(pieces.at(-1)!.descriptor, tag);
  return store;
}

async function holds(store: Store, pieces: readonly Piece[]): Promise<void> {
  for (const { bytes, descriptor } of pieces) {
    const stream = await store.fetch(descriptor);
    assertEquals(await new Response(stream).bytes(), bytes);
  }
}

Deno.test("copy() brings an index with all that it points at", async () => {
  const pieces = await multiPlatform();
  const source = await filled(pieces);
  const target = new MemoryStore();
  const result = await copy(source, "v1", target);
  await holds(target, pieces);
  assertEquals(await target.resolve("v1"), pieces.at(-1)!.descriptor);
  assertEquals(result.tags, ["v1"]);
  // The layer that both images have is moved once.
  assertEquals(result.copied, pieces.length - 1);
});

Deno.test("copy() moves from a registry to another, children first and tags last", async () => {
  const pieces = await multiPlatform();
  const [from, to] = [openRegistry(), openRegistry()];
  const source = from.repository("team/app");
  await copy(await filled(pieces), "v1", source);
  const target = to.repository("other/app");
  const order: string[] = [];
  await copy(source, "v1", target, "stable", {
    tags: ["latest"],
    hooks: { after: ({ digest }) => void order.push(digest) },
  });
  await holds(target, pieces);
  assertEquals(await Array.fromAsync(target.listTags()), ["latest", "stable"]);
  assertEquals(order.at(-1), pieces.at(-1)!.descriptor.digest);
  for (const { descriptor } of pieces) {
    assertEquals(order.filter((one) => one === descriptor.digest).length, 1);
  }
});

Deno.test("copy() asks once where the target has the artifact under its tag", async () => {
  const pieces = await multiPlatform();
  const source = await filled(pieces);
  const { repository, requests } = openRegistry();
  const target = repository("team/app");
  await copy(source, "v1", target);
  requests.length = 0;
  const result = await copy(source, "v1", target);
  assertEquals(requests, ["HEAD /v2/team/app/manifests/v1"]);
  assertEquals([result.copied, result.existed], [0, 1]);
});

Deno.test("copy() skips everything below a manifest that the target has", async () => {
  const pieces = await multiPlatform();
  const source = await filled(pieces);
  const { repository, requests } = openRegistry();
  const target = repository("team/app");
  await copy(source, "v1", target);
  requests.length = 0;
  await copy(source, "v1", target, "v2");
  const { digest } = pieces.at(-1)!.descriptor;
  assertEquals(requests, [
    "HEAD /v2/team/app/manifests/v2",
    "GET /v2/team/app/tags/list?n=1",
    `HEAD /v2/team/app/manifests/${digest}`,
    "PUT /v2/team/app/manifests/v2",
  ]);
});

Deno.test("copy() only tags within one store", async () => {
  const { repository, requests } = openRegistry();
  const store = repository("team/app");
  await copy(await filled(await multiPlatform()), "v1", store);
  requests.length = 0;
  const { copied } = await copy(store, "v1", store, "v2");
  assertEquals(copied, 0);
  assertEquals(requests, [
    "GET /v2/team/app/manifests/v1",
    "HEAD /v2/team/app/manifests/v2",
    "PUT /v2/team/app/manifests/v2",
  ]);
});

Deno.test("copy() looks at no more tags at once than it may, and at none behind the caller's back", async () => {
  const pieces = await multiPlatform();
  const source = await filled(pieces);
  const target = new MemoryStore();
  let running = 0;
  let most = 0;
  let fails = false;
  const resolve = target.resolve.bind(target);
  target.resolve = async (reference, options) => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve));
    running--;
    if (fails && reference === "v2") throw new Error("refused");
    return await resolve(reference, options);
  };
  const tags = Array.from({ length: 20 }, (_, index) => `v${index}`);
  await copy(source, "v1", target, "v1", { concurrency: 2, tags });
  assertEquals(await Array.fromAsync(target.listTags()), tags.toSorted());
  assertEquals(most, 2);
  fails = true;
  const again = () => copy(source, "v1", target, "v1", { tags });
  await assertRejects(again, CopyError, "refused");
  assertEquals(running, 0);
});

Deno.test("copy() goes on where it was interrupted", async () => {
  const pieces = await multiPlatform();
  const source = await filled(pieces);
  const target = new MemoryStore();
  await fill(target, pieces.slice(0, 5));
  const { copied, existed } = await copy(source, "v1", target);
  assertEquals(copied, pieces.length - 1 - 4);
  assert(existed >= 1);
  await holds(target, pieces);
});

Deno.test("copy() does not send again what an interrupted copy left in a new repository", async () => {
  const layers = Array.from({ length: 20 }, (_, index) => `layer ${index}`);
  const pieces = await image({ os: "linux", architecture: "amd64" }, layers);
  const source = await filled(pieces);
  let broken = true;
  const { repository, requests } = openRegistry((request) => {
    const isManifest = request.method === "PUT" &&
      request.url.includes("/manifests/");
    return broken && isManifest
      ? new Response(null, { status: 403 })
      : undefined;
  });
  const target = repository("team/app");
  await assertRejects(() => copy(source, "v1", target), CopyError);
  broken = false;
  requests.length = 0;
  const { copied } = await copy(source, "v1", target);
  assertEquals(copied, 1);
  assertEquals(requests.filter((one) => one.startsWith("POST")), []);
});

Deno.test("copy() asks a new repository for the first pieces only", async () => {
  const layers = Array.from({ length: 30 }, (_, index) => `layer ${index}`);
  const pieces = await image({ os: "linux", architecture: "amd64" }, layers);
  const { repository, requests } = openRegistry();
  await copy(await filled(pieces), "v1", repository("team/app"));
  const count = (text: string) =>
    requests.filter((one) => one.startsWith(text)).length;
  assertEquals(count("HEAD /v2/team/app/blobs/"), 6);
  assertEquals(count("POST"), 31);
  assertEquals(count("PUT"), 32);
});

Deno.test("copy() heals a target that lacks what its manifest points at", async () => {
  const pieces = await multiPlatform();
  const source = await filled(pieces);
  const target = new MemoryStore();
  await copy(source, "v1", target);
  await target.delete(pieces[0]!.descriptor);
  await target.delete(pieces[3]!.descriptor);
  assertEquals((await copy(source, "v1", target)).copied, 0);
  assertEquals(
    (await copy(source, "v1", target, "v1", { heal: true })).copied,
    2,
  );
  await holds(target, pieces);
});

Deno.test("copy() looks at everything once the registry says that something is missing", async () => {
  const pieces = await multiPlatform();
  const source = await filled(pieces);
  let isFirst = true;
  const meddled = openRegistry((request) => {
    if (request.method !== "PUT" || !request.url.endsWith("/manifests/v1")) {
      return undefined;
    }
    if (!isFirst) return undefined;
    isFirst = false;
    return Response.json({
      errors: [
        { code: "UNKNOWN", message: "unknown error" },
        { code: "MANIFEST_BLOB_UNKNOWN", message: "blob unknown" },
      ],
    }, { status: 404 });
  });
  const other = meddled.repository("team/app");
  // The first image's manifest is there; the registry has lost a layer of it.
  await fill(other, pieces.slice(0, 4));
  await other.blobs.delete(pieces[1]!.descriptor.digest);
  const { copied, existed } = await copy(source, "v1", other);
  await holds(other, pieces);
  assertEquals({ copied, existed }, { copied: 5, existed: 3 });
});

Deno.test("copy() mounts between repositories of one registry", async () => {
  const pieces = await multiPlatform();
  const { repository, requests } = openRegistry();
  const source = repository("team/app");
  await copy(await filled(pieces), "v1", source);
  requests.length = 0;
  const from: (string | undefined)[] = [];
  const result = await copy(source, "v1", repository("other/app"), "v1", {
    hooks: { mounted: (_, mount) => void from.push(mount.from) },
  });
  assertEquals(result.mounted, 5);
  assertEquals(new Set(from), new Set(["team/app"]));
  assert(!requests.some((one) => one.startsWith("GET /v2/team/app/blobs/")));
  await holds(repository("other/app"), pieces);
});

Deno.test("copy() uploads where a mount is refused", async () => {
  const pieces = await multiPlatform();
  const { repository } = openRegistry((request) =>
    request.url.includes("mount=")
      ? new Response(null, { status: 403 })
      : undefined
  );
  const source = repository("team/app");
  await copy(await filled(pieces), "v1", source);
  const { copied } = await copy(source, "v1", repository("other/app"));
  assertEquals(copied, pieces.length - 1);
  await holds(repository("other/app"), pieces);
});

Deno.test("copy() leaves foreign layers where they are, unless asked", async () => {
  const foreign = await blob("foreign", MediaTypes.dockerForeignLayerGzip);
  const config = await blob("{}", MediaTypes.config);
  const manifest = await document({
    schemaVersion: 2,
    mediaType: MediaTypes.manifest,
    config: config.descriptor,
    layers: [{
      ...foreign.descriptor,
      urls: ["https://elsewhere.example/layer"],
    }],
  });
  const source = await filled([foreign, config, manifest]);
  const target = new MemoryStore();
  await copy(source, "v1", target);
  assertEquals(await target.exists(foreign.descriptor), false);
  await copy(source, "v1", target, "v1", { includeForeign: true, heal: true });
  assertEquals(await target.exists(foreign.descriptor), true);
});

const CHOICES = [
  ["fail", undefined],
  ["skip", "old"],
  ["replace", "new"],
] as const;

for (const [existingTag, expected] of CHOICES) {
  Deno.test(`copy() does as existingTag ${existingTag} says of a tag in use`, async () => {
    const old = await image({ architecture: "a", os: "b" }, ["old"]);
    const fresh = await image({ architecture: "a", os: "b" }, ["new"]);
    const target = await filled(old);
    const run = async () =>
      await copy(await filled(fresh), "v1", target, "v1", { existingTag });
    if (expected === undefined) {
      const error = await assertRejects(run, CopyError);
      assertEquals(error.code, "TAG_EXISTS");
      assertEquals(await target.exists(fresh[0]!.descriptor), false);
    } else {
      const { copied, tags } = await run();
      assertEquals(tags, expected === "new" ? ["v1"] : []);
      assertEquals(copied, expected === "new" ? 2 : 0);
      const { digest } = await target.resolve("v1");
      assertEquals(
        digest,
        (expected === "new" ? fresh : old).at(-1)!.descriptor.digest,
      );
    }
  });
}

Deno.test("copy() copies one platform of an index", async () => {
  const pieces = await multiPlatform();
  const target = new MemoryStore();
  const { descriptor } = await copy(await filled(pieces), "v1", target, "arm", {
    platform: parsePlatform("linux/arm64"),
  });
  assertEquals(descriptor.digest, pieces[7]!.descriptor.digest);
  assertEquals(await target.exists(pieces[3]!.descriptor), false);
  assertEquals((await target.resolve("arm")).digest, descriptor.digest);
});

Deno.test("copy() brings referrers, and theirs, before it sets the tag", async () => {
  const pieces = await multiPlatform();
  const index = pieces.at(-1)!.descriptor;
  const signature = await referrer(index, "application/vnd.example.signature");
  const note = await referrer(
    pieces[3]!.descriptor,
    "application/vnd.example.note",
  );
  const counter = await referrer(
    signature.descriptor,
    "application/vnd.example.countersignature",
  );
  const extra = [EMPTY, signature, note, counter];
  const source = await filled([...extra, ...pieces]);
  for (const target of [new MemoryStore(), openRegistry().repository("a/b")]) {
    await copy(source, "v1", target, "v1", {
      recursive: true,
      hooks: {
        async after() {
          const seen = await target.resolve("v1").catch(() => undefined);
          assertEquals(seen, undefined);
        },
      },
    });
    await holds(target, [...pieces, ...extra]);
    assertEquals((await target.resolve("v1")).digest, index.digest);
    const found = await Array.fromAsync(target.listReferrers(index));
    assertEquals(found.map(({ digest }) => digest), [
      signature.descriptor.digest,
    ]);
    // A referrer that comes later is found, although the target has the rest.
    const late = await referrer(
      pieces[7]!.descriptor,
      "application/vnd.example.late",
    );
    await fill(source, [late]);
    const again = await copy(source, "v1", target, "v1", { recursive: true });
    assertEquals(again.copied, 1);
    await holds(target, [late]);
    await source.delete(late.descriptor);
  }
});

Deno.test("copy() brings what a referrer is about, and goes on where that is missing", async () => {
  const pieces = await multiPlatform();
  const note = await referrer(
    pieces[3]!.descriptor,
    "application/vnd.example.note",
  );
  const source = await filled([EMPTY, ...pieces.slice(0, 4), note], "note");
  const target = new MemoryStore();
  await copy(source, "note", target);
  await holds(target, [...pieces.slice(0, 4), note]);

  const dangling = await filled([EMPTY, note], "note");
  const other = new MemoryStore();
  await copy(dangling, "note", other);
  await holds(other, [EMPTY, note]);
});

Deno.test("copy() brings what is tagged with a digest on wish", async () => {
  const pieces = await multiPlatform();
  const index = pieces.at(-1)!.descriptor;
  const signature = await image({ architecture: "", os: "" }, ["signature"]);
  const source = await filled(pieces);
  await fill(source, signature);
  const tag = `${index.digest.replace(":", "-")}.sig`;
  await source.tag(signature.at(-1)!.descriptor, tag);
  for (const target of [new MemoryStore(), openRegistry().repository("a/b")]) {
    await copy(source, "v1", target);
    assertEquals(await Array.fromAsync(target.listTags()), ["v1"]);
    await copy(source, "v1", target, "v1", { digestTags: true });
    assertEquals(await Array.fromAsync(target.listTags()), [tag, "v1"]);
    await holds(target, signature);
  }
});

Deno.test("copy() leaves out what a hook says", async () => {
  const pieces = await multiPlatform();
  const target = new MemoryStore();
  const skipped: string[] = [];
  await copy(await filled(pieces), "v1", target, "v1", {
    hooks: {
      before: ({ digest }) =>
        digest === pieces[3]!.descriptor.digest ? "skip" : undefined,
      skipped: ({ digest }) => void skipped.push(digest),
    },
  });
  assertEquals(skipped, [pieces[3]!.descriptor.digest]);
  assertEquals(await target.exists(pieces[1]!.descriptor), false);
});

for (const recursive of [false, true]) {
  Deno.test(`copy() sets no tag where a hook leaves the artifact itself out, recursive ${recursive}`, async () => {
    const pieces = await multiPlatform();
    const root = pieces.at(-1)!.descriptor;
    const target = new MemoryStore();
    const { copied, tags } = await copy(
      await filled(pieces),
      "v1",
      target,
      "v1",
      {
        recursive,
        hooks: {
          before: ({ digest }) => digest === root.digest ? "skip" : undefined,
        },
      },
    );
    assertEquals([copied, tags], [0, []]);
    assertEquals(await Array.fromAsync(target.listTags()), []);
  });
}

Deno.test("copy() reports each step of each piece", async () => {
  const pieces = await image({ architecture: "a", os: "b" }, ["one"]);
  const target = openRegistry().repository("team/app");
  const phases = new Map<string, Set<string>>();
  await copy(await filled(pieces), "v1", target, "v1", {
    onProgress: ({ descriptor, phase, total, transferred }) => {
      assert(transferred <= total);
      const set = phases.get(descriptor.digest) ?? new Set();
      phases.set(descriptor.digest, set.add(phase));
    },
  });
  for (const { descriptor } of pieces) {
    assertEquals([...phases.get(descriptor.digest)!], ["copying", "copied"]);
  }
});

Deno.test("copy() tells which side failed, and at what", async () => {
  const pieces = await multiPlatform();
  const source = await filled(pieces);
  await source.delete(pieces[0]!.descriptor);
  const missing = await assertRejects(
    () => copy(source, "v1", openRegistry().repository("a/b")),
    CopyError,
  );
  assertEquals([missing.origin, missing.operation], ["source", "fetch"]);
  assertEquals(missing.code, "CONTENT_NOT_FOUND");
  assertEquals(missing.descriptor?.digest, pieces[0]!.descriptor.digest);

  const denied = openRegistry((request) =>
    request.method === "POST" ? new Response(null, { status: 403 }) : undefined
  );
  const refused = await assertRejects(
    async () => copy(await filled(pieces), "v1", denied.repository("a/b")),
    CopyError,
  );
  assertEquals([refused.origin, refused.operation], ["target", "push"]);
});

Deno.test("copy() ends with the signal's reason and leaves no tag", async () => {
  const pieces = await multiPlatform();
  const source = await filled(pieces);
  const target = openRegistry().repository("a/b");
  const controller = new AbortController();
  const reason = new Error("enough");
  const error = await assertRejects(() =>
    copy(source, "v1", target, "v1", {
      signal: controller.signal,
      hooks: { after: () => controller.abort(reason) },
    })
  );
  assertEquals(error, reason);
  await assertRejects(() => target.resolve("v1"));
});

for (const concurrency of [1, 2, 64]) {
  Deno.test(`copy() ends with ${concurrency} at once, however deep the graph`, async () => {
    let pieces = await image({ architecture: "a", os: "b" }, ["x", "y"]);
    for (let depth = 0; depth < 30; depth++) {
      const { descriptor } = pieces.at(-1)!;
      const index = await document({
        schemaVersion: 2,
        mediaType: MediaTypes.index,
        // Wanted twice by one, and once by the next.
        manifests: [descriptor, descriptor, pieces.at(-2)!.descriptor]
          .filter(({ mediaType }) => mediaType !== MediaTypes.config),
        annotations: { depth: String(depth) },
      });
      pieces = [...pieces, index];
    }
    const target = new MemoryStore();
    let running = 0;
    let most = 0;
    const push = target.push.bind(target);
    target.push = async (...args) => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 0));
      return await push(...args).finally(() => running--);
    };
    await copy(await filled(pieces), "v1", target, "v1", { concurrency });
    assert(most <= concurrency, `${most} at once`);
    await holds(target, pieces);
  });
}

Deno.test("copyGraph() refuses a concurrency that is none", async () => {
  const [source, target] = [new MemoryStore(), new MemoryStore()];
  for (const concurrency of [0, -1, 1.5, NaN]) {
    await assertRejects(
      () => copyGraph(source, target, EMPTY_DESCRIPTOR, { concurrency }),
      RangeError,
    );
  }
});
