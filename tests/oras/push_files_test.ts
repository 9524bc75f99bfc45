import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { Digest } from "@gantry/oci/digest";
import { NotFoundError, type ProgressEvent } from "@gantry/oci/distribution";
import {
  ArtifactError,
  type LayerPlan,
  PathError,
  type PreparedContent,
  type PushContext,
  type PushOptions,
  Registry,
} from "@gantry/oci/oras";
import { fixture } from "./_fixture.ts";

const CREATED = "org.opencontainers.image.created";
const annotations = { [CREATED]: "2024-02-29T12:00:00Z" };

const TITLE = "org.opencontainers.image.title";

const EMPTY =
  '"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2';

const HEAD =
  '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",';

const LAYER =
  '{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03","size":6,"annotations":{"org.opencontainers.image.title":"a.txt"}}';

const EMPTY_CONFIG =
  `{"mediaType":"application/vnd.oci.empty.v1+json",${EMPTY},"data":"e30="}`;

const OWN_CONFIG =
  '{"mediaType":"x/y","digest":"sha256:6a021504b02dc18c0b6bf8dfebdbdca579f0ab4d75eccb09ceeae89880a007ad","size":8}';

const TAIL =
  ',"annotations":{"org.opencontainers.image.created":"2024-02-29T12:00:00Z"}}';

/** What the oras command 1.3.3 pushes with the same options. */
const FORMS: readonly (readonly [PushOptions, string])[] = [
  [
    { files: ["a.txt"] },
    `"artifactType":"application/vnd.unknown.artifact.v1","config":${EMPTY_CONFIG},"layers":[${LAYER}]`,
  ],
  [
    { artifactType: "t/x" },
    `"artifactType":"t/x","config":${EMPTY_CONFIG},"layers":[${EMPTY_CONFIG}]`,
  ],
  [
    { files: ["a.txt"], config: "c.json:x/y" },
    `"config":${OWN_CONFIG},"layers":[${LAYER}]`,
  ],
  [
    { files: ["a.txt"], config: "c.json:x/y", artifactType: "t/x" },
    `"artifactType":"t/x","config":${OWN_CONFIG},"layers":[${LAYER}]`,
  ],
  [
    { files: ["a.txt"], imageSpec: "v1.0" },
    `"config":{"mediaType":"application/vnd.unknown.config.v1+json",${EMPTY}},"layers":[${LAYER}]`,
  ],
  [
    { imageSpec: "v1.0", artifactType: "t/x" },
    `"config":{"mediaType":"t/x",${EMPTY}},"layers":[]`,
  ],
  [
    {
      files: ["a.txt"],
      artifactPlatform: { os: "linux", architecture: "arm", variant: "v7" },
    },
    `"artifactType":"application/vnd.unknown.artifact.v1","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:5a6b0f3236e387a26a781052c9caf384efa2a940add7ca105780ac33f23fd756","size":50},"layers":[${LAYER}]`,
  ],
  [
    { config: "/dev/null:x/y" },
    '"config":{"mediaType":"x/y","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":0},"layers":[]',
  ],
];

Deno.test("push() makes the manifests that the oras command makes", async () => {
  await using setting = await fixture();
  const { folder: root, registry, write } = setting;
  await write({ "a.txt": "hello\n", "c.json": '{"k":1}\n' });
  for (const [options, expected] of FORMS) {
    const { manifest } = await registry.push("team/app", {
      root,
      annotations,
      ...options,
    });
    assertEquals(
      new TextDecoder().decode(manifest.bytes),
      HEAD + expected + TAIL,
    );
    const stored = await registry.getManifest("team/app");
    assertEquals(stored.bytes, manifest.bytes);
  }
});

Deno.test("push() names layers by their cleaned paths", async () => {
  await using setting = await fixture();
  const { folder: root, registry, write } = setting;
  await write({ "a": "1", "b/c": "2", "b/d e": "3", "ü/名": "4" });
  const { manifest } = await registry.push("team/app", {
    root,
    files: ["./a", "b//c", "ü/../b/d e", "ü/名"],
  });
  assertEquals(
    manifest.value.layers.map((layer) => layer.annotations?.[TITLE]),
    ["a", "b/c", "b/d e", "ü/名"],
  );
});

Deno.test("push() splits a media type off at the last colon, unless the whole name exists", async () => {
  await using setting = await fixture();
  const { folder: root, registry, write } = setting;
  await write({ "some:file": "1", ":lead": "2", "plain": "3" });
  const { manifest } = await registry.push("team/app", {
    root,
    files: ["some:file", ":lead:text/plain", "plain:text/plain"],
  });
  assertEquals(
    manifest.value.layers.map((layer) => [
      layer.annotations?.[TITLE],
      layer.mediaType,
    ]),
    [
      ["some:file", "application/vnd.oci.image.layer.v1.tar"],
      [":lead", "text/plain"],
      ["plain", "text/plain"],
    ],
  );
  const error = await assertRejects(
    () =>
      registry.push("team/app", { root, files: ["does:not:exist:text/plain"] }),
    PathError,
  );
  assertEquals([error.code, error.path], ["PATH_NOT_FOUND", "does:not:exist"]);
});

Deno.test("push() refuses names before anything is sent", async () => {
  await using setting = await fixture();
  const { folder: root, registry, requests, write } = setting;
  await write({ "a": "1", "b": "2" });
  const cases: [PushOptions["files"], string][] = [
    [[join(root, "a")], "PATH_ABSOLUTE"],
    [["a", "b", "./a"], "PATH_DUPLICATE"],
    [["a", { path: "b", title: "a" }], "PATH_DUPLICATE"],
    [["a", "missing"], "PATH_NOT_FOUND"],
    [["a", ""], "PATH_INVALID"],
    [["a/b"], "PATH_INVALID"],
  ];
  for (const [files, code] of cases) {
    const error = await assertRejects(
      () => registry.push("team/app", { root, files: files! }),
      PathError,
    );
    assertEquals(error.code, code);
  }
  await assertRejects(
    () => registry.push("team/app", { root, config: "missing:x/y" }),
    PathError,
    "no such file",
  );
  assertEquals(requests, []);
});

Deno.test("push() takes an absolute path where it is told to, or where it has a title", async () => {
  await using setting = await fixture();
  const { folder, registry, write } = setting;
  await write({ "a": "1" });
  const path = join(folder, "a");
  const given = await registry.push("team/app", {
    files: [path],
    disablePathValidation: true,
  });
  const titled = await registry.push("team/app", {
    files: [{ path, title: "a" }],
  });
  const titles = [given, titled].map(({ manifest }) =>
    manifest.value.layers[0]?.annotations?.[TITLE]
  );
  assertEquals(titles, [path, "a"]);
});

Deno.test("push() annotates manifest, config and files from an annotation file", async () => {
  await using setting = await fixture();
  const { folder: root, registry, write } = setting;
  const sections = {
    $manifest: { a: "file", b: "file" },
    $config: { c: "1" },
    "./x.txt": { d: "2" },
    "y.txt": { [TITLE]: "renamed.txt" },
  };
  await write({
    "x.txt": "x",
    "y.txt": "y",
    "n.json": JSON.stringify(sections),
  });
  for (const annotationFile of ["n.json", sections]) {
    const { manifest } = await registry.push("team/app", {
      root,
      files: ["./x.txt", "y.txt"],
      annotationFile,
      annotations: { ...annotations, b: "option" },
    });
    const { config, layers, annotations: found } = manifest.value;
    assertEquals(found, { ...annotations, a: "file", b: "option" });
    assertEquals(config.annotations, { c: "1" });
    assertEquals(layers.map((layer) => layer.annotations), [
      { [TITLE]: "x.txt", d: "2" },
      { [TITLE]: "renamed.txt" },
    ]);
  }
});

Deno.test("push() refuses malformed annotations", async () => {
  await using setting = await fixture();
  const { folder: root, registry, requests, write } = setting;
  const contents = [
    "{",
    "[]",
    '{"$manifest":{"a":1}}',
    '{"a":"b"}',
    '{"a":{},"a":{}}',
  ];
  for (const content of contents) {
    await write({ "n.json": content });
    const error = await assertRejects(
      () => registry.push("team/app", { root, annotationFile: "n.json" }),
      ArtifactError,
      "n.json",
    );
    assertEquals(error.code, "ANNOTATIONS_INVALID");
  }
  for (const created of ["yesterday", "2024-13-01T00:00:00Z", "2024-01-01"]) {
    await assertRejects(
      () => registry.push("team/app", { annotations: { [CREATED]: created } }),
      ArtifactError,
      created,
    );
  }
  await assertRejects(
    () => registry.push("team/app", { annotationFile: "missing.json" }),
    PathError,
  );
  assertEquals(requests, []);
});

Deno.test("push() uploads equal content once, and the manifest after all blobs", async () => {
  await using setting = await fixture();
  const { folder: root, registry, requests, write } = setting;
  await write({ a: "same", b: "same", c: "same", d: "other" });
  const events: ProgressEvent[] = [];
  await registry.push("team/app", {
    root,
    files: ["a", "b", "c", "d"],
    onProgress: (event) => void events.push(event),
  });
  const puts = requests.filter((request) => request.startsWith("PUT"));
  assertEquals(puts.length, 4);
  assertEquals(puts.at(-1), "PUT /v2/team/app/manifests/latest");
  const phases = (name: string) =>
    events.filter((event) => event.name === name).map(({ phase }) => phase);
  const ends = ["a", "b", "c", "d"].map((name) => phases(name).at(-1)).sort();
  assertEquals(ends, ["exists", "exists", "uploaded", "uploaded"]);
  assertEquals(phases("a")[0], "preparing");
  const last = events.at(-1)!;
  assertEquals([last.phase, last.transferred], ["uploaded", last.total]);
});

Deno.test("push() notices a file that changes between digest and upload, or while it is uploaded", async () => {
  for (const when of ["before", "during"]) {
    await using setting = await fixture();
    const { folder: root, options, write } = setting;
    // What is small is read once, and cannot change any more.
    await write({ a: "before".repeat(100_000) });
    const change = () => write({ a: "after, and longer" });
    class Careless extends Registry {
      protected override async makeLayer(
        plan: LayerPlan,
        context: PushContext,
      ): Promise<PreparedContent> {
        const layer = await super.makeLayer(plan, context);
        const { descriptor, source: { size, open } } = layer;
        if (when === "before") {
          await change();
          return layer;
        }
        return {
          descriptor,
          source: {
            size,
            open: async (offset) => {
              const stream = await open(offset);
              await change();
              return stream;
            },
          },
        };
      }
    }
    const registry = new Careless(options);
    const error = await assertRejects(
      () => registry.push("team/app", { root, files: ["a"] }),
      PathError,
      undefined,
      when,
    );
    assertEquals(error.code, "PATH_CHANGED");
    await assertRejects(() => registry.resolve("team/app"), NotFoundError);
  }
});

Deno.test("push() uploads a large file unharmed", async () => {
  await using setting = await fixture();
  const { folder, registry } = setting;
  const bytes = new Uint8Array(5 * 1024 * 1024 + 17);
  for (let at = 0; at < bytes.length; at++) bytes[at] = (at * 31) >> 3;
  await Deno.writeFile(join(folder, "large"), bytes);
  const { manifest } = await registry.push("team/app", {
    root: folder,
    files: ["large"],
  });
  const [layer] = manifest.value.layers;
  assertEquals(layer?.digest, String(await Digest.fromBytes(bytes)));
  await registry.pull("team/app", { outdir: join(folder, "out") });
  assertEquals(await Deno.readFile(join(folder, "out/large")), bytes);
});

Deno.test({
  name: "push() refuses devices, whose content has no end",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using setting = await fixture();
    const { folder: root, registry, requests } = setting;
    await Deno.symlink("/dev/zero", join(root, "link"));
    for (const file of ["/dev/zero", "/dev/random", "link"]) {
      const files = [{ path: file, title: "device" }];
      for (const options of [{ files }, { config: `${file}:x/y` }]) {
        const error = await assertRejects(
          () => registry.push("team/app", { root, ...options }),
          PathError,
        );
        assertEquals(error.code, "PATH_INVALID");
      }
    }
    assertEquals(requests, []);
  },
});
