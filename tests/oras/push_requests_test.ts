import { assert, assertEquals } from "@std/assert";
import { MediaTypes } from "@gantry/oci/image";
import {
  type LayerPlan,
  type PreparedContent,
  type PushContext,
  Registry,
} from "@gantry/oci/oras";
import { provider } from "./_provider.ts";

/** Layers of which no two are the same. */
function layers(count: number): { title: string; content: string }[] {
  return Array.from(
    { length: count },
    (_, index) => ({ title: `${index}`, content: `content ${index}` }),
  );
}

function ofMethod(requests: readonly string[], method: string): string[] {
  return requests.filter((request) => request.startsWith(`${method} `));
}

Deno.test("push() of many files asks a repository that does not exist yet for few of them", async () => {
  const setting = provider();
  const { registry, requests } = setting;
  await registry.push("team/app", { files: layers(40) });
  assert(ofMethod(requests, "HEAD").length < 10);
  assertEquals(ofMethod(requests, "GET").length, 1);
  assertEquals(ofMethod(requests, "PUT").length, 42);
});

Deno.test("push() of few files does not ask whether the repository exists", async () => {
  const setting = provider();
  const { registry, requests } = setting;
  await registry.push("team/app", { files: layers(3) });
  assertEquals(ofMethod(requests, "GET"), []);
});

Deno.test("push() sends nothing twice to a repository where a push was broken off", async () => {
  const setting = provider();
  const { registry, requests } = setting;
  const files = layers(40);
  const controller = new AbortController();
  let uploaded = 0;
  await registry.push("team/app", {
    files,
    signal: controller.signal,
    onProgress: ({ phase }) => {
      if (phase === "uploaded" && ++uploaded === 30) controller.abort();
    },
  }).catch(() => {});
  const before = ofMethod(requests, "PUT").length;
  requests.length = 0;
  await registry.push("team/app", { files });
  // The manifest is one of the 42; what was under way at the end may come again.
  assert(ofMethod(requests, "PUT").length <= 42 - 30);
  assert(before >= 30);
});

Deno.test("push() of many files finds those that the repository has", async () => {
  const setting = provider();
  const { registry, requests } = setting;
  await registry.push("team/app", { files: layers(40) });
  requests.length = 0;
  await registry.push("team/app:next", { files: layers(41) });
  const puts = ofMethod(requests, "PUT");
  assertEquals(puts.filter((request) => request.includes("/blobs/")).length, 1);
});

Deno.test("push() uploads the config while a layer is still to come", async () => {
  const setting = provider();
  const config = Promise.withResolvers<void>();
  class Late extends Registry {
    protected override async makeLayer(
      plan: LayerPlan,
      context: PushContext,
    ): Promise<PreparedContent> {
      await config.promise;
      return await super.makeLayer(plan, context);
    }
  }
  const { layers: pushed } = (await new Late(setting.options).push("team/app", {
    files: layers(1),
    onProgress: ({ descriptor, phase }) => {
      const isConfig = descriptor.mediaType === MediaTypes.empty;
      if (isConfig && phase === "uploaded") config.resolve();
    },
  })).manifest.value;
  assertEquals(pushed.length, 1);
});
