/** Each step of a push that needs no files, changed by a subclass. */
import { assertEquals } from "@std/assert";
import type { Credential, RegistryClient } from "@gantry/oci/distribution";
import type { Manifest } from "@gantry/oci/image";
import {
  type LayerPlan,
  type ManifestParts,
  prepareContent,
  type PreparedContent,
  type PushContext,
  Registry,
} from "@gantry/oci/oras";
import { provider, titlesOf } from "./_provider.ts";

Deno.test("makeConfig() makes a config of one's own", async () => {
  class Tool extends Registry {
    protected override makeConfig(): Promise<PreparedContent> {
      const mediaType = "application/vnd.example.config";
      return prepareContent('{"tool":1}', { mediaType });
    }
  }
  const setting = provider();
  const tool = new Tool(setting.options);
  const { manifest: { value: { config } } } = await tool.push("team/app");
  assertEquals(config.mediaType, "application/vnd.example.config");
  const stream = await tool.getBlob("team/app", config);
  assertEquals(await new Response(stream).json(), { tool: 1 });
});

Deno.test("makeLayer() makes layers in a way of one's own", async () => {
  class Loud extends Registry {
    protected override makeLayer(plan: LayerPlan, context: PushContext) {
      const content = `${plan.input.content}!`;
      return super.makeLayer({ ...plan, input: { content } }, context);
    }
  }
  const setting = provider();
  const loud = new Loud(setting.options);
  const files = [{ title: "a.txt", content: "hello" }];
  const { manifest } = await loud.push("team/app", { files });
  assertEquals(titlesOf(manifest.value), ["a.txt"]);
  const stream = await loud.getBlob("team/app", manifest.value.layers[0]!);
  assertEquals(await new Response(stream).text(), "hello!");
});

Deno.test("makeManifest() makes a manifest of one's own", async () => {
  class Fruit extends Registry {
    protected override async makeManifest(
      parts: ManifestParts,
      context: PushContext,
    ): Promise<Manifest> {
      const annotations = { "org.dinosaur.tool.food": "avocado" };
      return { ...await super.makeManifest(parts, context), annotations };
    }
  }
  const setting = provider();
  const { manifest } = await new Fruit(setting.options).push("team/app");
  assertEquals(manifest.value.annotations, {
    "org.dinosaur.tool.food": "avocado",
  });
});

Deno.test("client() leads to another registry", async () => {
  class Mirrored extends Registry {
    protected override client(registry: string): RegistryClient {
      return super.client(registry.replace("ghcr.io", "registry.example"));
    }
  }
  const setting = provider();
  await setting.registry.push("team/app:v1");
  const mirrored = new Mirrored(setting.options);
  assertEquals(await mirrored.getTags("ghcr.io/team/app"), ["v1"]);
});

Deno.test("credentialFor() finds credentials in a place of one's own", async () => {
  class Vault extends Registry {
    protected override credentialFor(host: string): Promise<Credential> {
      return Promise.resolve({ username: "vault", password: `of ${host}` });
    }
  }
  const seen: (string | null)[] = [];
  const setting = provider(({ headers }) => {
    seen.push(headers.get("authorization"));
    return headers.has("authorization")
      ? Response.json({ name: "team/app", tags: ["v1"] })
      : new Response(null, {
        status: 401,
        headers: { "www-authenticate": 'Basic realm="x"' },
      });
  });
  const vault = new Vault(setting.options);
  assertEquals(await vault.getTags("team/app"), ["v1"]);
  assertEquals(seen, [null, `Basic ${btoa("vault:of registry.example")}`]);
});
