import { assert, assertEquals, assertRejects } from "@std/assert";
import { InvalidReferenceError } from "@gantry/oci/distribution";
import {
  type LayerPlan,
  type PreparedContent,
  type PushContext,
  type PushOptions,
  Registry,
} from "@gantry/oci/oras";
import { provider } from "./_provider.ts";

const CREATED = "org.opencontainers.image.created";
const annotations = { [CREATED]: "2024-02-29T12:00:00Z" };

Deno.test("push() refuses options that contradict each other", async () => {
  const setting = provider();
  const { registry, requests } = setting;
  const subject = { mediaType: "x/y", digest: "sha256:0", size: 1 };
  const platform = { os: "linux", architecture: "amd64" };
  const cases: PushOptions[] = [
    { config: "c", imageSpec: "v1.1" },
    { config: "c", artifactPlatform: platform },
    { config: "c", artifactType: "t/x", imageSpec: "v1.0" },
    { artifactType: "tx" },
    { config: { content: "{}", mediaType: "t x/y" } },
    { artifactPlatform: platform, artifactType: "t/x", imageSpec: "v1.0" },
    { subject, imageSpec: "v1.0" },
    { files: [{}] },
    { files: [{ path: "a", content: "a" }] },
    { config: {} },
    { config: { path: "a", content: "a" } },
  ];
  for (const options of cases) {
    await assertRejects(() => registry.push("team/app", options), TypeError);
  }
  await assertRejects(
    () => registry.push("team/app", { sourceDateEpoch: 1.5 }),
    RangeError,
  );
  await assertRejects(
    () => registry.push("team/app", { concurrency: 0, files: [] }),
    RangeError,
  );
  await assertRejects(
    () => registry.push("team/app", { tags: ["v1", "v 2"] }),
    InvalidReferenceError,
  );
  assertEquals(requests, []);
});

Deno.test("push() stamps the time of creation, or the one it is told", async () => {
  const setting = provider();
  const { registry } = setting;
  const stamp = async (options: PushOptions) =>
    (await registry.push("team/app", options)).manifest.value
      .annotations?.[CREATED];
  const before = Math.floor(Date.now() / 1000) * 1000;
  const now = Date.parse((await stamp({}))!);
  assert(before <= now && now <= Date.now());
  assertEquals(await stamp({ reproducible: true }), "1970-01-01T00:00:00Z");
  assertEquals(
    await stamp({ sourceDateEpoch: 1700000000 }),
    "2023-11-14T22:13:20Z",
  );
  assertEquals(
    await stamp({ annotations, reproducible: true }),
    annotations[CREATED],
  );
});

Deno.test("push() gives all tags, and pushes by digest where there is none", async () => {
  const setting = provider();
  const { options } = setting;
  const registry = new Registry({ ...options, defaultTag: "" });
  const untagged = await registry.push("team/app");
  assertEquals(untagged.tags, []);
  assertEquals(untagged.reference.digest, untagged.descriptor.digest);
  assertEquals(
    (await registry.getManifest(untagged.reference)).bytes,
    untagged.manifest.bytes,
  );
  const tagged = await registry.push("team/app:v1", {
    tags: ["v2", "v1", "v3"],
  });
  assertEquals(tagged.tags, ["v1", "v2", "v3"]);
  assertEquals(String(tagged.reference), "registry.example/team/app:v1");
  assertEquals(await registry.getTags("team/app"), ["v1", "v2", "v3"]);
});

Deno.test("push() gives back what layers hold, also where the upload fails", async () => {
  const setting = provider((request, next) =>
    request.method === "PUT" && request.url.includes("/blobs/")
      ? new Response(null, { status: 403 })
      : next(request)
  );
  let released = 0;
  class Holding extends Registry {
    protected override async makeLayer(
      plan: LayerPlan,
      context: PushContext,
    ): Promise<PreparedContent> {
      const layer = await super.makeLayer(plan, context);
      return { ...layer, release: () => Promise.resolve(void released++) };
    }
  }
  const registry = new Holding(setting.options);
  const files = [{ title: "a", content: "a" }];
  await assertRejects(() => registry.push("team/app", { files }));
  assertEquals(released, 1);
});

Deno.test("push() ends with the signal's own reason", async () => {
  const setting = provider();
  const { registry, requests } = setting;
  const early = new Error("before");
  const thrown = await assertRejects(() =>
    registry.push("team/app", { signal: AbortSignal.abort(early) })
  );
  assertEquals(thrown, early);
  assertEquals(requests, []);

  const late = new Error("in the midst");
  const controller = new AbortController();
  const second = await assertRejects(() =>
    registry.push("team/app", {
      files: [{ title: "a", content: "a" }, { title: "b", content: "b" }],
      signal: controller.signal,
      onProgress: ({ phase }) => {
        if (phase === "uploaded") controller.abort(late);
      },
    })
  );
  assertEquals(second, late);
  assert(!requests.some((request) => request.includes("/manifests/")));
});
