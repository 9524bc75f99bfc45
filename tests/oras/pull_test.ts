import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { ContentError } from "@gantry/oci/digest";
import type { ProgressEvent } from "@gantry/oci/distribution";
import { NotFoundError } from "@gantry/oci/distribution";
import {
  isManifestType,
  type Manifest,
  MediaTypes,
  type Platform,
} from "@gantry/oci/image";
import {
  ArtifactError,
  type ExistingChoice,
  PathError,
  Registry,
} from "@gantry/oci/oras";
import { type Fixture, fixture, pushByHand } from "./_fixture.ts";

/** Pulls into the folder `out` of the fixture. */
function outdir(setting: Fixture): string {
  return join(setting.folder, "out");
}

Deno.test("pull() writes files by their titles, and gives their absolute paths", async () => {
  await using setting = await fixture();
  const { registry, read } = setting;
  const out = outdir(setting);
  await pushByHand(setting, "team/app", [
    { title: "a.txt", content: "a" },
    { title: "./deep//down/b.txt", content: "b" },
    { title: "x/../c.txt", content: "" },
    { title: "..dots", content: "d" },
  ]);
  const paths = await registry.pull("team/app", { outdir: out });
  const names = ["a.txt", "deep/down/b.txt", "c.txt", "..dots"];
  assertEquals(paths, names.map((name) => join(out, name)));
  const contents = names.map((name) => read(`out/${name}`));
  assertEquals(await Promise.all(contents), ["a", "b", "", "d"]);
});

Deno.test("pull() refuses a title that leads out, and writes nothing", async () => {
  await using setting = await fixture();
  const { registry, names } = setting;
  const cases = [
    ["../evil", "PATH_TRAVERSAL"],
    ["a/../../evil", "PATH_TRAVERSAL"],
    ["..", "PATH_TRAVERSAL"],
    ["/tmp/evil", "PATH_ABSOLUTE"],
    ["\\evil", "PATH_ABSOLUTE"],
    ["C:\\evil", "PATH_ABSOLUTE"],
    ["a\0b", "PATH_INVALID"],
    [".", "PATH_INVALID"],
    ["a/..", "PATH_INVALID"],
  ];
  for (const [title, code] of cases) {
    await pushByHand(setting, "team/app", [
      { title: "fine", content: "fine" },
      { title: title!, content: "evil" },
    ]);
    const error = await assertRejects(
      () => registry.pull("team/app", { outdir: outdir(setting) }),
      PathError,
    );
    assertEquals(error.code, code, title);
    assertEquals(await names(), []);
  }
});

Deno.test("pull() lets titles lead out where that is allowed", async () => {
  await using setting = await fixture();
  const { folder, registry, read } = setting;
  await pushByHand(setting, "team/app", [
    { title: "../beside/a", content: "a" },
    { title: join(folder, "absolute"), content: "b" },
  ]);
  await registry.pull("team/app", {
    outdir: outdir(setting),
    allowPathTraversal: true,
  });
  assertEquals(await read("beside/a"), "a");
  assertEquals(await read("absolute"), "b");
});

Deno.test("pull() follows no link out of the output directory", async () => {
  await using setting = await fixture();
  const { folder, registry, names, read } = setting;
  const out = outdir(setting);
  await Deno.mkdir(join(folder, "outside"));
  await Deno.mkdir(join(out, "inside"), { recursive: true });
  await Deno.symlink("inside", join(out, "good"));
  await Deno.symlink("../outside", join(out, "bad"));
  await Deno.symlink("bad", join(out, "chain"));
  await Deno.symlink("nowhere", join(out, "dangling"));
  await Deno.symlink(join(folder, "outside"), join(out, "absolute"));
  await Deno.symlink("../outside/target", join(out, "file"));
  for (const title of ["bad/x", "chain/x", "dangling/x", "absolute/x"]) {
    await pushByHand(setting, "team/app", [{ title, content: "evil" }]);
    const error = await assertRejects(
      () => registry.pull("team/app", { outdir: out }),
      PathError,
    );
    assertEquals(error.code, "PATH_TRAVERSAL", title);
  }
  await pushByHand(setting, "team/app", [
    { title: "good/x", content: "inside" },
    { title: "file", content: "replaced" },
  ]);
  await registry.pull("team/app", { outdir: out });
  assertEquals(await read("out/inside/x"), "inside");
  assertEquals(await read("out/file"), "replaced");
  assert((await Deno.lstat(join(out, "file"))).isFile);
  assertEquals(await names("outside"), []);
});

Deno.test("pull() writes into an output directory that is itself a link", async () => {
  await using setting = await fixture();
  const { folder, registry, read } = setting;
  await Deno.mkdir(join(folder, "real"));
  await Deno.symlink("real", join(folder, "out"));
  await pushByHand(setting, "team/app", [{ title: "a/b", content: "x" }]);
  const paths = await registry.pull("team/app", { outdir: outdir(setting) });
  assertEquals(paths, [join(folder, "out/a/b")]);
  assertEquals(await read("real/a/b"), "x");
});

Deno.test("pull() replaces files, keeps them or fails, as it is told", async () => {
  await using setting = await fixture();
  const { options, registry, names, read, write } = setting;
  const out = outdir(setting);
  await pushByHand(setting, "team/app", [
    { title: "a", content: "new a" },
    { title: "b", content: "new b" },
  ]);
  await write({ "out/b": "old b" });
  const error = await assertRejects(
    () => registry.pull("team/app", { outdir: out, overwrite: false }),
    PathError,
  );
  assertEquals([error.code, error.path], ["PATH_EXISTS", join(out, "b")]);
  assertEquals(await names("out"), ["b"]);

  class Keeping extends Registry {
    protected override onExisting(): ExistingChoice {
      return "keep";
    }
  }
  const keeping = new Keeping(options);
  const kept = await keeping.pull("team/app", { outdir: out });
  assertEquals(kept, [join(out, "a")]);
  assertEquals(await read("out/b"), "old b");

  const all = await registry.pull("team/app", { outdir: out });
  assertEquals(all.length, 2);
  assertEquals(await read("out/b"), "new b");
});

Deno.test("pull() puts no file in the place of a directory, nor below a file", async () => {
  await using setting = await fixture();
  const { registry, names, write } = setting;
  await write({ "out/d/x": "x", "out/f": "f" });
  for (const title of ["d", "f/x"]) {
    await pushByHand(setting, "team/app", [{ title, content: "evil" }]);
    const error = await assertRejects(
      () => registry.pull("team/app", { outdir: outdir(setting) }),
      PathError,
    );
    assertEquals(error.code, "PATH_INVALID");
  }
  assertEquals(await names("out"), ["d", "d/x", "f"]);
});

Deno.test("pullArtifact() reports content without a title as skipped, but for the empty one", async () => {
  await using setting = await fixture();
  const { folder: root, registry, names } = setting;
  await registry.push("team/app", {
    root,
    artifactType: "t/x",
    config: { content: "{}\n", mediaType: "x/y" },
    files: [{ content: "unnamed", mediaType: "text/plain" }, {
      title: "a",
      content: "a",
    }],
  });
  const phases: string[] = [];
  const { files, skipped } = await registry.pullArtifact("team/app", {
    outdir: outdir(setting),
    onProgress: ({ phase, name }) => void phases.push(`${phase} ${name ?? ""}`),
  });
  assertEquals(files.map(({ path }) => path), [join(outdir(setting), "a")]);
  assertEquals(skipped.map(({ mediaType }) => mediaType), [
    "text/plain",
    "x/y",
  ]);
  assertEquals(phases.filter((phase) => phase === "skipped ").length, 2);
  assertEquals(phases.includes("downloaded a"), true);
  assertEquals(await names("out"), ["a"]);

  await registry.push("team/empty", { artifactType: "t/x" });
  const nothing = await registry.pullArtifact("team/empty", { outdir: root });
  assertEquals([nothing.files, nothing.skipped], [[], []]);
});

Deno.test("pull() writes the config under a name, where its type fits", async () => {
  await using setting = await fixture();
  const { registry, names, read } = setting;
  await registry.push("team/app", {
    artifactType: "t/x",
    config: { content: "config", mediaType: "x/y" },
    files: [{ title: "a", content: "a" }],
  });
  const out = outdir(setting);
  await registry.pull("team/app", { outdir: out, config: "c.json:other/type" });
  assertEquals(await names("out"), ["a"]);
  for (const config of ["c.json", "c.json:x/y"]) {
    await registry.pull("team/app", { outdir: out, config });
    assertEquals(await read("out/c.json"), "config");
    await Deno.remove(out, { recursive: true });
  }
});

Deno.test("pull() takes only layers of the media types that it is told", async () => {
  await using setting = await fixture();
  const { registry } = setting;
  await pushByHand(setting, "team/app", [
    { title: "a", content: "a", mediaType: "x/a" },
    { title: "b", content: "b", mediaType: "x/b" },
  ]);
  const out = outdir(setting);
  const mediaTypes = ["x/b"];
  const paths = await registry.pull("team/app", { outdir: out, mediaTypes });
  assertEquals(paths, [join(out, "b")]);
});

Deno.test("pull() fetches the same content once, and writes it under every title", async () => {
  await using setting = await fixture();
  const { registry, requests, read } = setting;
  const layers = ["a", "b/c", "d"].map((title) => ({ title, content: "same" }));
  await pushByHand(setting, "team/app", [...layers, layers[0]!]);
  requests.length = 0;
  const events: ProgressEvent[] = [];
  const paths = await registry.pull("team/app", {
    outdir: outdir(setting),
    onProgress: (event) => void events.push(event),
  });
  assertEquals(paths.length, 3);
  assertEquals(requests.filter((one) => one.includes("/blobs/")).length, 1);
  assertEquals(await read("out/b/c"), "same");
  const restored = events.filter(({ phase }) => phase === "restored");
  assertEquals(restored.map(({ name }) => name), ["b/c", "d"]);
});

Deno.test("pull() refuses two contents of one name", async () => {
  await using setting = await fixture();
  await pushByHand(setting, "team/app", [
    { title: "a", content: "1" },
    { title: "./a", content: "2" },
  ]);
  const error = await assertRejects(
    () => setting.registry.pull("team/app", { outdir: outdir(setting) }),
    PathError,
  );
  assertEquals(error.code, "PATH_DUPLICATE");
});

Deno.test("pull() leaves nothing of content that is not what it should be", async () => {
  const bodies: Record<string, (size: number) => string> = {
    "other digest": (size) => "x".repeat(size),
    "too short": (size) => "x".repeat(size - 1),
    "too long": (size) => "x".repeat(size + 1),
  };
  for (const [what, body] of Object.entries(bodies)) {
    await using setting = await fixture((request, next) =>
      request.method === "GET" && request.url.includes("/blobs/")
        ? new Response(body("tampered".length))
        : next(request)
    );
    const { registry, names } = setting;
    await pushByHand(setting, "team/app", [{
      title: "a",
      content: "tampered",
    }]);
    await assertRejects(
      () => registry.pull("team/app", { outdir: outdir(setting) }),
      Error,
      undefined,
      what,
    );
    assertEquals(await names("out"), [], what);
  }
});

Deno.test("pull() keeps the old file where the new one is bad", async () => {
  await using setting = await fixture((request, next) =>
    request.method === "GET" && request.url.includes("/blobs/")
      ? new Response("x".repeat(8))
      : next(request)
  );
  const { registry, names, read, write } = setting;
  await write({ "out/a": "old" });
  await pushByHand(setting, "team/app", [{ title: "a", content: "tampered" }]);
  await assertRejects(
    () => registry.pull("team/app", { outdir: outdir(setting) }),
    ContentError,
  );
  assertEquals(await read("out/a"), "old");
  assertEquals(await names("out"), ["a"]);
});

Deno.test("pull() ends with the signal's own reason, and leaves no partial file", async () => {
  const reason = new Error("enough");
  const controller = new AbortController();
  await using setting = await fixture((request, next) => {
    if (request.method !== "GET" || !request.url.includes("/blobs/")) {
      return next(request);
    }
    // Begins well, and then never goes on.
    return new Response(
      new ReadableStream({
        type: "bytes",
        start: (stream) => stream.enqueue(new Uint8Array(10)),
        pull: () => {
          controller.abort(reason);
          return new Promise(() => {});
        },
      }),
    );
  });
  const { registry, names } = setting;
  await pushByHand(setting, "team/app", [
    { title: "a", content: "a".repeat(100) },
    { title: "b", content: "b".repeat(100) },
  ]);
  const thrown = await assertRejects(() =>
    registry.pull("team/app", {
      outdir: outdir(setting),
      signal: controller.signal,
    })
  );
  assertEquals(thrown, reason);
  assertEquals(await names("out"), []);
});

Deno.test("pull() keeps the files that were complete where another one fails", async () => {
  await using setting = await fixture();
  const { registry, names } = setting;
  await pushByHand(setting, "team/app", [
    { title: "a", content: "a" },
    { title: "b", content: "b" },
  ]);
  const manifest = await registry.getManifest("team/app");
  const { layers } = manifest.value as Manifest;
  await registry.repository("team/app").blobs.delete(layers[1]!.digest);
  await assertRejects(
    () =>
      registry.pull("team/app", { outdir: outdir(setting), concurrency: 1 }),
    NotFoundError,
  );
  assertEquals(await names("out"), ["a"]);
});

const AMD64: Platform = { architecture: "amd64", os: "linux" };
const ARM64: Platform = { architecture: "arm64", os: "linux" };

/** An index of two artifacts, for two platforms, with files of these names. */
async function pushIndex(
  setting: Fixture,
  titles: readonly [string, string],
): Promise<void> {
  const [amd64, arm64] = [
    await pushByHand(setting, "team/app:amd64", [
      { title: titles[0], content: "for amd64" },
    ]),
    await pushByHand(setting, "team/app:arm64", [
      { title: titles[1], content: "for arm64" },
    ]),
  ];
  await setting.registry.uploadManifest("team/app:all", {
    schemaVersion: 2,
    mediaType: MediaTypes.index,
    manifests: [
      { ...amd64, platform: AMD64 },
      { ...arm64, platform: ARM64 },
    ],
  });
}

Deno.test("pull() tells of each manifest of an index when it is done with", async () => {
  await using setting = await fixture();
  await pushIndex(setting, ["x", "y"]);
  const phases = new Map<string, string[]>();
  await setting.registry.pull("team/app:all", {
    outdir: outdir(setting),
    onProgress({ descriptor: { digest, mediaType }, phase }) {
      if (isManifestType(mediaType)) {
        phases.set(digest, [...phases.get(digest) ?? [], phase]);
      }
    },
  });
  const expected = ["downloading", "processing", "downloaded"];
  assertEquals([...phases.values()], [expected, expected, expected]);
});

Deno.test("pull() takes everything of an index, or one platform", async () => {
  await using setting = await fixture();
  const { registry, names, read } = setting;
  const out = outdir(setting);
  await pushIndex(setting, ["x", "y"]);
  await registry.pull("team/app:all", { outdir: out });
  assertEquals(await names("out"), ["x", "y"]);
  await Deno.remove(out, { recursive: true });

  await pushIndex(setting, ["x", "x"]);
  const error = await assertRejects(
    () => registry.pull("team/app:all", { outdir: out }),
    PathError,
  );
  assertEquals(error.code, "PATH_DUPLICATE");
  await registry.pull("team/app:all", { outdir: out, platform: ARM64 });
  assertEquals(await read("out/x"), "for arm64");

  const missing = await assertRejects(
    () =>
      registry.pull("team/app:all", {
        outdir: out,
        platform: { architecture: "s390x", os: "linux" },
      }),
    ArtifactError,
  );
  assertEquals(missing.code, "PLATFORM_NOT_FOUND");
});

Deno.test("pull() checks the platform of an artifact that tells it", async () => {
  await using setting = await fixture();
  const { registry } = setting;
  const out = outdir(setting);
  await registry.push("team/app", {
    artifactPlatform: ARM64,
    files: [{ title: "a", content: "a" }],
  });
  await registry.pull("team/app", { outdir: out, platform: ARM64 });
  await assertRejects(
    () => registry.pull("team/app", { outdir: out, platform: AMD64 }),
    ArtifactError,
    "it is for linux/arm64",
  );
  await registry.push("team/plain", { files: [{ title: "a", content: "a" }] });
  await assertRejects(
    () => registry.pull("team/plain", { outdir: out, platform: AMD64 }),
    ArtifactError,
    "does not tell a platform",
  );
});

Deno.test("pull() takes the subject along where it is told to", async () => {
  await using setting = await fixture();
  const { registry, names } = setting;
  const subject = await pushByHand(setting, "team/app:base", [
    { title: "base", content: "base" },
  ]);
  await pushByHand(setting, "team/app:sbom", [
    { title: "sbom", content: "sbom" },
  ], { subject });
  const out = outdir(setting);
  await registry.pull("team/app:sbom", { outdir: out });
  assertEquals(await names("out"), ["sbom"]);
  await registry.pull("team/app:sbom", { outdir: out, includeSubject: true });
  assertEquals(await names("out"), ["base", "sbom"]);
});

Deno.test("pull() fails where there is nothing, and makes no directory", async () => {
  await using setting = await fixture();
  const { options, registry, names } = setting;
  const out = outdir(setting);
  await assertRejects(
    () => registry.pull("team/nothing:v1", { outdir: out }),
    NotFoundError,
  );
  const strict = new Registry({ ...options, defaultTag: "" });
  await assertRejects(
    () => strict.pull("team/nothing", { outdir: out }),
    Error,
    "neither tag nor digest",
  );
  assertEquals(await names(), []);
});

Deno.test("pull() refuses a document that is neither manifest nor index", async () => {
  await using setting = await fixture((request, next) =>
    request.method === "GET" && request.url.includes("/manifests/")
      ? Response.json({ schemaVersion: 1, fsLayers: [] }, {
        headers: {
          "content-type":
            "application/vnd.docker.distribution.manifest.v1+json",
        },
      })
      : next(request)
  );
  const error = await assertRejects(
    () => setting.registry.pull("a/b", { outdir: outdir(setting) }),
    ArtifactError,
  );
  assertEquals(error.code, "ARTIFACT_UNSUPPORTED");
});
