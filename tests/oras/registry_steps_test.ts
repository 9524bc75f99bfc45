/** Each step of a push and of a pull, changed by a subclass. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { basename, join } from "node:path";
import type {
  Credential,
  ProgressEvent,
  RegistryClient,
} from "@gantry/oci/distribution";
import type { Descriptor, Manifest } from "@gantry/oci/image";
import {
  type ExistingChoice,
  type LayerInput,
  type LayerKind,
  type LayerPlan,
  type ManifestParts,
  PathError,
  prepareContent,
  type PreparedContent,
  type PushContext,
  Registry,
} from "@gantry/oci/oras";
import { openHttpRegistry } from "../_support/http_registry.ts";
import { fixture, pushByHand } from "./_fixture.ts";

const TITLE = "org.opencontainers.image.title";

Deno.test("parseFile() takes entries of `files` apart in a way of one's own", async () => {
  class Renaming extends Registry {
    protected override parseFile(file: string | LayerInput): LayerInput {
      const [path, title] = String(file).split(" as ");
      return { path, title };
    }
  }
  await using setting = await fixture();
  await setting.write({ "a.txt": "a" });
  const { manifest } = await new Renaming(setting.options).push("team/app", {
    root: setting.folder,
    files: ["a.txt as notes/b.txt"],
  });
  assertEquals(titles(manifest.value), ["notes/b.txt"]);
});

Deno.test("nameLayer() names layers in a way of one's own", async () => {
  class Flat extends Registry {
    protected override nameLayer({ path }: LayerInput): string {
      return basename(path!);
    }
  }
  await using setting = await fixture();
  await setting.write({ "deep/down/a.txt": "a" });
  const { manifest } = await new Flat(setting.options).push("team/app", {
    root: setting.folder,
    files: ["deep/down/a.txt"],
  });
  assertEquals(titles(manifest.value), ["a.txt"]);
});

Deno.test("layerMediaType() gives layers types of one's own", async () => {
  class Typed extends Registry {
    protected override layerMediaType(_: LayerInput, kind: LayerKind): string {
      return `application/vnd.example.${kind}`;
    }
  }
  await using setting = await fixture();
  await setting.write({ "a.txt": "a", "folder/b.txt": "b" });
  const { manifest } = await new Typed(setting.options).push("team/app", {
    root: setting.folder,
    files: ["a.txt", "folder"],
  });
  assertEquals(
    manifest.value.layers.map(({ mediaType }) => mediaType),
    ["application/vnd.example.file", "application/vnd.example.directory"],
  );
});

Deno.test("makeConfig() makes a config of one's own", async () => {
  class Tool extends Registry {
    protected override makeConfig(): Promise<PreparedContent> {
      const mediaType = "application/vnd.example.config";
      return prepareContent('{"tool":1}', { mediaType });
    }
  }
  await using setting = await fixture();
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
  await using setting = await fixture();
  const loud = new Loud(setting.options);
  const files = [{ title: "a.txt", content: "hello" }];
  const { manifest } = await loud.push("team/app", { files });
  assertEquals(titles(manifest.value), ["a.txt"]);
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
  await using setting = await fixture();
  const { manifest } = await new Fruit(setting.options).push("team/app");
  assertEquals(manifest.value.annotations, {
    "org.dinosaur.tool.food": "avocado",
  });
});

Deno.test("selectLayers() selects layers in a way of one's own", async () => {
  class Small extends Registry {
    protected override selectLayers({ layers }: Manifest): Descriptor[] {
      return layers.filter(({ size }) => size < 3);
    }
  }
  await using setting = await fixture();
  const small = new Small(setting.options);
  await small.push("team/app", {
    files: [{ title: "a", content: "a" }, { title: "b", content: "bbbb" }],
  });
  const outdir = join(setting.folder, "out");
  assertEquals(await small.pull("team/app", { outdir }), [join(outdir, "a")]);
});

Deno.test("titleOf() finds names elsewhere", async () => {
  class Nameless extends Registry {
    protected override titleOf({ digest }: Descriptor): string {
      return digest.replace(":", "-");
    }
  }
  await using setting = await fixture();
  await pushByHand(setting, "team/app:v1", [{ content: "a" }]);
  const outdir = join(setting.folder, "out");
  const { layers } = (await setting.registry.getManifest("team/app:v1"))
    .value as Manifest;
  const registry = new Nameless(setting.options);
  const paths = await registry.pull("team/app:v1", {
    outdir,
    mediaTypes: ["text/plain"],
  });
  assertEquals(paths, [join(outdir, layers[0]!.digest.replace(":", "-"))]);
});

Deno.test("unpacks() leaves archives as they are", async () => {
  class Packed extends Registry {
    protected override unpacks(): boolean {
      return false;
    }
  }
  await using setting = await fixture();
  await setting.write({ "folder/a.txt": "a" });
  const packed = new Packed(setting.options);
  await packed.push("team/app", { root: setting.folder, files: ["folder"] });
  const outdir = join(setting.folder, "out");
  const [path] = await packed.pull("team/app", { outdir });
  assert((await Deno.stat(path!)).isFile);
});

Deno.test("placeFile() places files elsewhere", async () => {
  class Sorted extends Registry {
    protected override placeFile(title: string): string {
      return `${title.slice(title.lastIndexOf(".") + 1)}/${title}`;
    }
  }
  await using setting = await fixture();
  const sorted = new Sorted(setting.options);
  const files = [{ title: "a.txt", content: "a" }];
  await sorted.push("team/app", { files });
  const outdir = join(setting.folder, "out");
  assertEquals(await sorted.pull("team/app", { outdir }), [
    join(outdir, "txt/a.txt"),
  ]);
});

Deno.test("placeFile() can lead no file out of the output directory", async () => {
  class Careless extends Registry {
    protected override placeFile(): string {
      return "../evil";
    }
  }
  await using setting = await fixture();
  const careless = new Careless(setting.options);
  await careless.push("a/b", { files: [{ title: "a", content: "a" }] });
  await assertRejects(
    () => careless.pull("a/b", { outdir: join(setting.folder, "out") }),
    PathError,
    "leads out of the output directory",
  );
});

Deno.test("onExisting() decides what becomes of a file that exists", async () => {
  class Careful extends Registry {
    protected override onExisting(path: string): ExistingChoice {
      return path.endsWith(".conf") ? "keep" : "replace";
    }
  }
  await using setting = await fixture();
  const careful = new Careful(setting.options);
  await careful.push("team/app", {
    files: ["a.conf", "b.txt"].map((title) => ({ title, content: "new" })),
  });
  const outdir = setting.folder;
  await setting.write({ "a.conf": "mine", "b.txt": "old" });
  const paths = await careful.pull("team/app", { outdir });
  assertEquals(paths, [join(outdir, "b.txt")]);
  assertEquals(await setting.read("a.conf"), "mine");
  assertEquals(await setting.read("b.txt"), "new");
});

Deno.test("report() takes what a push and a pull tell", async () => {
  class Counting extends Registry {
    readonly phases = new Set<string>();
    protected override report({ phase }: ProgressEvent): void {
      this.phases.add(phase);
    }
  }
  await using setting = await fixture();
  const counting = new Counting(setting.options);
  const files = [{ title: "a", content: "a" }];
  await counting.push("team/app", { files });
  assert(counting.phases.has("uploaded"));
  await counting.pull("team/app", { outdir: setting.folder });
  assert(counting.phases.has("downloaded"));
});

Deno.test("client() leads to another registry", async () => {
  class Mirrored extends Registry {
    protected override client(registry: string): RegistryClient {
      return super.client(registry.replace("ghcr.io", "registry.example"));
    }
  }
  await using setting = await fixture();
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
  await using server = openHttpRegistry((request, next) =>
    request.headers.has("authorization") ? next(request) : new Response(null, {
      status: 401,
      headers: { "www-authenticate": 'Basic realm="x"' },
    })
  );
  using vault = new Vault({ hostname: server.host, plainHttp: true });
  await vault.push("team/app:v1");
  assertEquals(
    server.seen.at(-1)!.headers.get("authorization"),
    `Basic ${btoa(`vault:of ${server.host}`)}`,
  );
});

function titles({ layers }: Manifest): (string | undefined)[] {
  return layers.map(({ annotations }) => annotations?.[TITLE]);
}
