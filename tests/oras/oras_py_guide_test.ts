/** The examples of oras-py's user guide, as providers of this package, over HTTP. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { hash } from "bcryptjs";
import { basename, join } from "node:path";
import { artifactManifest, type Manifest, parseJson } from "@gantry/oci/image";
import {
  defaultTransport,
  type Reference,
  trace,
  UnauthorizedError,
} from "@gantry/oci/distribution";
import { createRegistry, htpasswd } from "@gantry/oci/distribution/server";
import { serve } from "@gantry/oci/distribution/server/node";
import {
  type AnnotationSections,
  type LayerInput,
  prepareContent,
  type PushResult,
  Registry,
  type RegistryOptions,
} from "@gantry/oci/oras";
import { GUIDE_TARGETS } from "../_support/guide_registries.ts";

const TITLE = "org.opencontainers.image.title";
const TARGZ = "application/vnd.oci.image.layer.v1.tar+gzip";

/** Create a client class: the most basic one, which can log in and out, too. */
class MyProvider extends Registry {}

/** Custom push: a lookup of archives, and annotations as the command line takes them. */
class ArchiveRegistry extends Registry {
  async pushArchives(
    target: string | Reference,
    archives: Readonly<Record<string, string>>,
    annotationFile: AnnotationSections = {},
  ): Promise<PushResult> {
    const files = Object.entries(archives)
      .map(([path, mediaType]) => ({ path, mediaType }));
    return await this.push(target, { files, annotationFile });
  }

  protected override nameLayer({ path }: LayerInput): string {
    return basename(path!);
  }
}

/** Custom push with a more intuitive list: path, and on wish title, type and annotations. */
class ToolRegistry extends Registry {
  protected override nameLayer({ path, title }: LayerInput): string {
    return title ?? basename(path!);
  }

  protected override layerMediaType({ mediaType }: LayerInput): string {
    return mediaType ?? "org.dinosaur.tool.datatype";
  }

  /** Pushes all files of a folder, each with its time and size. */
  async pushFolder(target: string, root: string): Promise<PushResult> {
    const creationTime = new Date().toISOString();
    const files: LayerInput[] = [];
    for await (const { name: path } of Deno.readDir(root)) {
      const size = String((await Deno.stat(join(root, path))).size);
      files.push({ path, annotations: { creationTime, size } });
    }
    return await this.push(target, { root, files });
  }
}

/** Inspect: a manifest, and one of its layers in memory. */
class InfoRegistry extends Registry {
  async inspect(target: string): Promise<unknown> {
    const { value } = await this.getManifest(target);
    const info = (value as Manifest).layers
      .find(({ mediaType }) => mediaType === "application/vnd.dinosaur.info");
    const stream = await this.getBlob(target, info!);
    return parseJson(await new Response(stream).bytes());
  }
}

/** Custom pull: layers of one media type, into a folder that they cannot leave. */
class PriceRegistry extends Registry {
  async downloadLayers(
    outdir: string,
    target: string,
    mediaType: string,
  ): Promise<string[]> {
    return await this.pull(target, { outdir, mediaTypes: [mediaType] });
  }
}

/** A running registry, its host, and a folder. */
interface Setting extends AsyncDisposable {
  readonly host: string;
  readonly folder: string;
  readonly options: RegistryOptions;
}

const ME = { username: "myuser", password: "mypass" };

/** Starts a registry, which lets one user in, or everybody. */
type Start = (user?: typeof ME) => Promise<Setting>;

/** Registers a test for each kind of registry. */
function guide(what: string, fn: (start: Start) => Promise<void>): void {
  for (const { ignore, name, open } of GUIDE_TARGETS) {
    const start: Start = async (user) => {
      const stack = new AsyncDisposableStack();
      const { url } = stack.use(await open({ ...user && { user } }));
      const folder = await Deno.makeTempDir();
      stack.defer(() => Deno.remove(folder, { recursive: true }));
      const { host } = new URL(url);
      return {
        host,
        folder,
        options: { hostname: host, plainHttp: true },
        [Symbol.asyncDispose]: () => stack.disposeAsync(),
      };
    };
    Deno.test({ name: `${what}, with ${name}`, ignore, fn: () => fn(start) });
  }
}

guide("the most basic provider pushes a file and pulls it", async (start) => {
  await using setting = await start();
  const { folder, host, options } = setting;
  await Deno.writeTextFile(join(folder, "artifact.txt"), "hello");
  using provider = new MyProvider(options);

  const target = `${host}/dinosaur/artifact:v1`;
  await provider.push(target, { root: folder, files: ["artifact.txt"] });
  const outdir = join(folder, "out");
  const paths = await provider.pull(target, { outdir });

  assertEquals(paths, [join(outdir, "artifact.txt")]);
  assertEquals(await Deno.readTextFile(paths[0]!), "hello");
});

guide("a provider makes config, layers and manifest by hand", async (start) => {
  await using setting = await start();
  using provider = new MyProvider(setting.options);
  const target = "dinosaur/blobs:v1";

  const contents = ["one", "two"];
  const layers = await Promise.all(
    contents.map((content) =>
      prepareContent(content, {
        mediaType: "org.dinosaur.tools.blobish",
        annotations: { [TITLE]: content },
      })
    ),
  );
  const config = await prepareContent("{}", {
    mediaType: "application/vnd.unknown.config.v1+json",
  });
  for (const { descriptor, source } of [...layers, config]) {
    await provider.uploadBlob(target, source, { descriptor });
  }
  const manifest = artifactManifest({
    config: config.descriptor,
    layers: layers.map(({ descriptor }) => descriptor),
    artifactType: "application/vnd.dinosaur",
    annotations: { "org.dinosaur.tool.food": "avocado" },
  });
  await provider.uploadManifest(target, manifest);

  const { value } = await provider.getManifest(target);
  assertEquals(value, manifest);
  const outdir = setting.folder;
  const expected = contents.map((name) => join(outdir, name));
  const { files } = await provider.pullArtifact(target, {
    outdir,
    mediaTypes: ["org.dinosaur.tools.blobish"],
  });
  assertEquals(files.map(({ path }) => path), expected);
});

guide("a provider lists tags, all or some of them", async (start) => {
  await using setting = await start();
  using provider = new MyProvider(setting.options);
  const tags = Array.from({ length: 30 }, (_, at) => `v${at + 10}`);
  await provider.push("channel-mirrors/arrow-cpp", { tags });
  const all = await provider.getTags("channel-mirrors/arrow-cpp");
  assertEquals(all.toSorted(), ["latest", ...tags]);
  const some = await provider.getTags("channel-mirrors/arrow-cpp", {
    limit: 10,
  });
  assertEquals(some.length, 10);
});

guide("a provider pushes a lookup of archives", async (start) => {
  await using setting = await start();
  const { folder, options } = setting;
  const sbom = join(folder, "sbom.json");
  const packages = join(folder, "pakages");
  await Deno.mkdir(packages);
  await Deno.writeTextFile(join(packages, "a.py"), "print()");
  await Deno.writeTextFile(sbom, "{}");
  using registry = new ArchiveRegistry(options);

  const archives = { [packages]: TARGZ, [sbom]: "application/vnd.cyclonedx" };
  const { manifest: { value } } = await registry.pushArchives(
    "dinosaur/pakages",
    archives,
    { $manifest: { made: "by hand" }, [packages]: { legs: "4" } },
  );

  assertEquals(value.annotations?.made, "by hand");
  assertEquals(
    value.layers.map(({ annotations, mediaType }) => [
      annotations?.[TITLE],
      mediaType,
      annotations?.legs,
    ]),
    [
      ["pakages", TARGZ, "4"],
      ["sbom.json", "application/vnd.cyclonedx", undefined],
    ],
  );
  const outdir = join(folder, "out");
  await registry.pull("dinosaur/pakages", { outdir });
  const path = join(outdir, "pakages/a.py");
  assertEquals(await Deno.readTextFile(path), "print()");
});

guide("a provider pushes a list of items", async (start) => {
  await using setting = await start();
  const { folder: root, options } = setting;
  await Deno.mkdir(join(root, "deep"));
  await Deno.writeTextFile(join(root, "deep/one"), "1");
  await Deno.writeTextFile(join(root, "two"), "2");
  using tool = new ToolRegistry(options);

  const { manifest } = await tool.push("dinosaur/list", {
    root,
    files: [
      { path: "deep/one" },
      { path: "two", title: "zwei", mediaType: "text/plain" },
      { path: "two", title: "due", annotations: { lang: "it" } },
    ],
  });

  const type = "org.dinosaur.tool.datatype";
  assertEquals(described(manifest.value), [
    [type, { [TITLE]: "one" }],
    ["text/plain", { [TITLE]: "zwei" }],
    [type, { [TITLE]: "due", lang: "it" }],
  ]);
});

guide("a provider pushes what a directory lists", async (start) => {
  await using setting = await start();
  const { folder: root, options } = setting;
  await Deno.writeTextFile(join(root, "one"), "1");
  await Deno.writeTextFile(join(root, "two"), "22");
  using tool = new ToolRegistry(options);

  const { manifest } = await tool.pushFolder("dinosaur/data", root);

  const sizes = described(manifest.value)
    .map(([, annotations]) => [annotations?.[TITLE], annotations?.size]);
  assertEquals(sizes.sort(), [["one", "1"], ["two", "2"]]);
});

guide("a provider inspects an artifact", async (start) => {
  await using setting = await start();
  using registry = new InfoRegistry(setting.options);
  const mediaType = "application/vnd.dinosaur.info";
  await registry.push("dinosaur/artifact", {
    files: [
      { title: "data", content: "data" },
      { title: "info.json", content: '{"legs":2}', mediaType },
    ],
  });
  assertEquals(await registry.inspect("dinosaur/artifact"), { legs: 2 });
});

guide("a provider downloads layers of one media type", async (start) => {
  await using setting = await start();
  const { folder, options } = setting;
  using registry = new PriceRegistry(options);
  await registry.push("dinosaur/prices", {
    files: ["google.prices", "aws.prices", "aws.meta"].map((mediaType) => ({
      title: `web/${mediaType}.json`,
      content: mediaType,
      mediaType,
    })),
  });
  assertEquals(
    await registry.downloadLayers(folder, "dinosaur/prices", "aws.prices"),
    [join(folder, "web/aws.prices.json")],
  );
});

guide(
  "a provider logs in, with what the registry asks for, and out",
  async (start) => {
    await using setting = await start(ME);
    using provider = new MyProvider(setting.options);
    const push = () => provider.push("dinosaur/artifact:v1");

    await assertRejects(push, UnauthorizedError);
    await assertRejects(
      () => provider.login({ ...ME, password: "wrong" }),
      UnauthorizedError,
    );
    await provider.login(ME);
    await push();
    assertEquals(await provider.getTags("dinosaur/artifact"), ["v1"]);
    assert(await provider.logout());
    await assertRejects(push, UnauthorizedError);
  },
);

function described(
  { layers }: Manifest,
): [string, Readonly<Record<string, string>> | undefined][] {
  return layers.map(({ annotations, mediaType }) => [mediaType, annotations]);
}

Deno.test("a provider with the back end basic shows its password to an htpasswd registry", async () => {
  const line = `${ME.username}:${await hash(ME.password, 4)}`;
  const authenticate = htpasswd(line); // as `htpasswd -nB myuser` prints it
  await using server = await serve(createRegistry({ authenticate }));
  using provider = new MyProvider({
    hostname: new URL(server.url).host,
    plainHttp: true,
    authBackend: "basic",
  });
  await provider.login(ME);
  await provider.push("dinosaur/artifact:v1");
  assertEquals(await provider.getTags("dinosaur/artifact"), ["v1"]);
});

Deno.test("a provider shows what goes over the wire, where it is asked to", async () => {
  const lines: string[] = [];
  const transport = trace(defaultTransport(), (event) => {
    if (event.type === "request") lines.push(`${event.method} ${event.url}`);
  });
  await using server = await serve(createRegistry());
  const hostname = new URL(server.url).host;
  using provider = new MyProvider({ hostname, plainHttp: true, transport });
  await provider.push("dinosaur/artifact:v1");
  const url = `http://${hostname}/v2/dinosaur/artifact/manifests/v1`;
  assertEquals(lines.at(-1), `PUT ${url}`);
  transport.close?.();
});
