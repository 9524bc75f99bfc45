import { assertEquals, assertRejects } from "@std/assert";
import { basename, join } from "node:path";
import { type Descriptor, type Manifest, parseJson } from "@gantry/oci/image";
import {
  type LayerInput,
  type ManifestParts,
  type PullContext,
  type PushContext,
  type PushResult,
  Registry,
} from "@gantry/oci/oras";
import { fixture } from "./_fixture.ts";

const TITLE = "org.opencontainers.image.title";

Deno.test("Registry is the most basic provider as it stands", async () => {
  class MyProvider extends Registry {}

  await using setting = await fixture();
  await setting.write({ "artifact.txt": "hello" });
  const provider = new MyProvider(setting.options);
  await provider.push("dinosaur/artifact:v1", {
    root: setting.folder,
    files: ["artifact.txt"],
  });
  const outdir = join(setting.folder, "out");
  const paths = await provider.pull("dinosaur/artifact:v1", { outdir });
  assertEquals(paths, [join(outdir, "artifact.txt")]);
});

Deno.test("Registry lets a provider push a lookup of archives", async () => {
  class Archives extends Registry {
    async pushArchives(
      target: string,
      archives: Record<string, string>,
    ): Promise<PushResult> {
      const files = Object.entries(archives)
        .map(([path, mediaType]) => ({ path, mediaType }));
      return await this.push(target, { files });
    }

    /** Archives lie anywhere, and are called by their last name. */
    protected override nameLayer({ path }: LayerInput): string | undefined {
      return path && basename(path);
    }
  }

  await using setting = await fixture();
  const { folder, write } = setting;
  await write({ "tmp.1/pakages.tar.gz": "archive", "tmp.2/sbom.json": "{}" });
  const archives = new Archives(setting.options);
  const { manifest } = await archives.pushArchives("dinosaur/pakages", {
    [join(folder, "tmp.1/pakages.tar.gz")]:
      "application/vnd.oci.image.layer.v1.tar+gzip",
    [join(folder, "tmp.2/sbom.json")]: "application/vnd.cyclonedx",
  });
  assertEquals(
    manifest.value.layers.map((layer) => [
      layer.annotations?.[TITLE],
      layer.mediaType,
    ]),
    [
      ["pakages.tar.gz", "application/vnd.oci.image.layer.v1.tar+gzip"],
      ["sbom.json", "application/vnd.cyclonedx"],
    ],
  );
});

Deno.test("Registry lets a provider push what a directory lists, with a type and annotations of its own", async () => {
  class Tool extends Registry {
    protected override layerMediaType({ mediaType }: LayerInput): string {
      return mediaType ?? "org.dinosaur.tool.datatype";
    }

    async pushFolder(target: string, root: string): Promise<PushResult> {
      const files: LayerInput[] = [];
      for await (const { name: path } of Deno.readDir(root)) {
        const { size } = await Deno.stat(join(root, path));
        files.push({ path, annotations: { size: String(size) } });
      }
      return await this.push(target, { root, files });
    }
  }

  await using setting = await fixture();
  await setting.write({ "data/one": "1", "data/two": "22" });
  const tool = new Tool(setting.options);
  const root = join(setting.folder, "data");
  const { manifest } = await tool.pushFolder("dinosaur/data", root);
  const layers = manifest.value.layers
    .map(({ mediaType, annotations }): Record<string, unknown> => ({
      mediaType,
      ...annotations,
    }));
  const expected = [["one", "1"], ["two", "2"]].map(([title, size]) => ({
    mediaType: "org.dinosaur.tool.datatype",
    [TITLE]: title,
    size,
  }));
  assertEquals(new Set(layers), new Set(expected));
});

Deno.test("Registry lets a provider look into an artifact", async () => {
  class Inspector extends Registry {
    async inspect(target: string): Promise<unknown> {
      const { value } = await this.getManifest(target);
      const layer = (value as Manifest).layers
        .find(({ mediaType }) => mediaType === "application/vnd.example.info");
      const stream = await this.getBlob(target, layer!);
      return parseJson(await new Response(stream).bytes());
    }
  }

  await using setting = await fixture();
  const inspector = new Inspector(setting.options);
  await inspector.push("dinosaur/artifact", {
    files: [
      { title: "data", content: "data" },
      {
        title: "info.json",
        content: '{"legs":2}',
        mediaType: "application/vnd.example.info",
      },
    ],
  });
  assertEquals(await inspector.inspect("dinosaur/artifact"), { legs: 2 });
});

Deno.test("Registry lets a provider download layers by media type", async () => {
  class Prices extends Registry {
    protected override selectLayers(manifest: Manifest): Descriptor[] {
      return manifest.layers.filter(({ mediaType }) =>
        mediaType.endsWith(".prices")
      );
    }
  }

  await using setting = await fixture();
  const prices = new Prices(setting.options);
  await prices.push("dinosaur/prices", {
    files: ["google.prices", "aws.prices", "aws.meta"].map((mediaType) => ({
      title: `${mediaType}.json`,
      content: mediaType,
      mediaType,
    })),
  });
  const outdir = join(setting.folder, "out");
  assertEquals(
    await prices.pull("dinosaur/prices", { outdir }),
    [join(outdir, "google.prices.json"), join(outdir, "aws.prices.json")],
  );
});

Deno.test("Registry lets a provider make its own manifest and place files elsewhere", async () => {
  class Custom extends Registry {
    protected override async makeManifest(
      parts: ManifestParts,
      context: PushContext,
    ): Promise<Manifest> {
      const manifest = await super.makeManifest(parts, context);
      const annotations = { "org.dinosaur.tool.food": "avocado" };
      return { ...manifest, annotations };
    }

    protected override placeFile(
      title: string,
      { mediaType }: Descriptor,
      _context: PullContext,
    ): string {
      return `${mediaType.replaceAll("/", "-")}/${title}`;
    }
  }

  await using setting = await fixture();
  const custom = new Custom(setting.options);
  const files = [{ title: "a", content: "a", mediaType: "text/plain" }];
  const { manifest } = await custom.push("dinosaur/custom", { files });
  assertEquals(manifest.value.annotations, {
    "org.dinosaur.tool.food": "avocado",
  });
  const outdir = join(setting.folder, "out");
  assertEquals(
    await custom.pull("dinosaur/custom", { outdir }),
    [join(outdir, "text-plain/a")],
  );
});

Deno.test("Registry checks a path, whoever chose it", async () => {
  class Careless extends Registry {
    protected override placeFile(): string {
      return "../evil";
    }
  }

  await using setting = await fixture();
  const careless = new Careless(setting.options);
  await careless.push("a/b", { files: [{ title: "a", content: "a" }] });
  const outdir = join(setting.folder, "out");
  await assertRejects(
    () => careless.pull("a/b", { outdir }),
    Error,
    "leads out of the output directory",
  );
});
