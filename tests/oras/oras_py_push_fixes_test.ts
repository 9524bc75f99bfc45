/** What oras-py got wrong, or left out, about what is pushed. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "node:path";
import { Digest } from "@gantry/oci/digest";
import { InvalidReferenceError, RegistryError } from "@gantry/oci/distribution";
import {
  encodeJson,
  type Manifest,
  MediaTypes,
  parseManifestContent,
} from "@gantry/oci/image";
import { readTar } from "@gantry/oci/image/layer";
import { copy, PathError, Registry } from "@gantry/oci/oras";
import { LayoutStore } from "@gantry/oci/oras/node";
import { fixture, manifestOf, pushByHand } from "./_fixture.ts";

const TITLE = "org.opencontainers.image.title";
const UNPACK = "io.deis.oras.content.unpack";
const UNPACKED_DIGEST = "io.deis.oras.content.digest";

Deno.test("a name without a registry leads to Docker Hub, an official one to library/", () => {
  const registry = new Registry();
  const digest = `sha256:${"0".repeat(64)}`;
  const cases = {
    "ubuntu": "docker.io/library/ubuntu:latest",
    "me/app:v1": "docker.io/me/app:v1",
    [`me/app@${digest}`]: `docker.io/me/app@${digest}`,
    "localhost/app": "localhost/app:latest",
    "localhost:5000/app": "localhost:5000/app:latest",
    "[::1]:5000/x:y": "[::1]:5000/x:y",
  };
  for (const [name, expected] of Object.entries(cases)) {
    assertEquals(String(registry.getContainer(name)), expected);
  }
  const { client } = registry.repository("ubuntu");
  assertEquals(client.origin.host, "registry-1.docker.io");
});

Deno.test("a name that is none is refused, and not read as another", () => {
  const registry = new Registry();
  const names = [
    ...["https://registry.example/a/b:c", "registry.example//b", "a//b"],
    ...["registry.example/a/", "registry.example/a:", "ghcr.io/App:v1", ""],
  ];
  for (const name of names) {
    assertThrows(() => registry.getContainer(name), InvalidReferenceError);
  }
});

Deno.test("a file beside the root is not taken for one inside, though its path begins alike", async () => {
  await using setting = await fixture();
  const { folder, registry, requests, write } = setting;
  await write({ "data/a.txt": "a", "data-evil/a.txt": "evil" });
  const root = join(folder, "data");
  const file = join(folder, "data-evil/a.txt");
  const error = await assertRejects(
    () => registry.push("a/b", { root, files: [file] }),
    PathError,
  );
  assertEquals(error.code, "PATH_ABSOLUTE");
  assertEquals(requests, []);
});

Deno.test("a directory may be named with a slash at its end", async () => {
  await using setting = await fixture();
  const { folder: root, read, registry, write } = setting;
  await write({ "in/sub/a.txt": "a" });
  const { manifest: { value } } = await registry.push("a/b", {
    root,
    files: ["in/"],
  });
  assertEquals(value.layers[0]!.annotations?.[TITLE], "in");
  const outdir = join(root, "out");
  assertEquals(await registry.pull("a/b", { outdir }), [join(outdir, "in")]);
  assertEquals(await read("out/in/sub/a.txt"), "a");
});

Deno.test("a directory says that it is one, as oras wants it, and has its annotations", async () => {
  await using setting = await fixture();
  const { folder: root, registry, write } = setting;
  await write({ "in/a.txt": "a" });
  const { manifest } = await registry.push("a/b", {
    root,
    files: ["in"],
    annotationFile: { in: { mood: "good" }, $manifest: { kind: "demo" } },
  });
  const [layer] = manifest.value.layers;
  const archive = (await registry.getBlob("a/b", layer!))
    .pipeThrough(new DecompressionStream("gzip"));
  assertEquals(layer!.annotations, {
    [TITLE]: "in",
    [UNPACKED_DIGEST]: String(await Digest.fromStream(archive)),
    [UNPACK]: "true",
    mood: "good",
  });
  assertEquals(manifest.value.annotations?.kind, "demo");
});

Deno.test("a directory's archive tells nothing of who packed it", async () => {
  await using setting = await fixture();
  const { folder: root, registry, write } = setting;
  await write({ "in/a.txt": "a" });
  const { manifest } = await registry.push("a/b", {
    root,
    files: ["in"],
    reproducible: true,
  });
  const layer = await registry.getBlob("a/b", manifest.value.layers[0]!);
  const entries = readTar(layer.pipeThrough(new DecompressionStream("gzip")));
  let count = 0;
  for await (const { header } of entries) {
    const { gid, mtime, uid } = header;
    assertEquals({ gid, uid, time: Number(mtime) }, {
      gid: 0,
      uid: 0,
      time: 0,
    });
    count++;
  }
  assertEquals(count, 2);
});

Deno.test("a config that does not exist is an error, and nothing is sent", async () => {
  await using setting = await fixture();
  const { folder: root, registry, requests } = setting;
  for (const config of ["missing.json", "missing.json:text/plain"]) {
    const error = await assertRejects(
      () => registry.push("a/b", { root, config }),
      PathError,
    );
    assert(error.path.endsWith("missing.json"), error.path);
  }
  assertEquals(requests.filter((line) => !/^(GET|HEAD)/.test(line)), []);
});

Deno.test("a subject has the digest of its bytes, whoever wrote them", async () => {
  await using setting = await fixture();
  const { registry } = setting;
  const { manifest } = await registry.push("a/b:v1");
  // Another tool's spaces, another tool's order.
  const text = JSON.stringify(
    Object.fromEntries(Object.entries(manifest.value).reverse()),
    null,
    3,
  );
  const bytes = new TextEncoder().encode(text);
  await registry.uploadManifest("a/b:v2", bytes);
  const subject = await registry.resolve("a/b:v2");
  assertEquals(subject.digest, String(await Digest.fromBytes(bytes)));
  const { descriptor } = await registry.push("a/b:about", { subject });
  const { referrers } = await registry.discover("a/b:v2");
  assertEquals(
    referrers.map(({ descriptor: { digest } }) => digest),
    [descriptor.digest],
  );
});

Deno.test("an upload is not read ahead of what the registry takes", async () => {
  const size = 64 * 2 ** 20;
  let made = 0;
  let madeAtFirst: number | undefined;
  await using setting = await fixture(async (request, next) => {
    if (request.method !== "PUT" || !request.url.includes("/uploads/")) {
      return next(request);
    }
    for await (const _ of request.body!) {
      if (madeAtFirst !== undefined) continue;
      await new Promise((resolve) => setTimeout(resolve, 20));
      madeAtFirst = made;
    }
    return new Response(null, { status: 201 });
  });
  const source = {
    size,
    open() {
      made = 0;
      return new ReadableStream<Uint8Array<ArrayBuffer>>({
        pull(controller) {
          controller.enqueue(new Uint8Array(2 ** 20));
          if ((made += 2 ** 20) === size) controller.close();
        },
      });
    },
  };
  const descriptor = {
    mediaType: MediaTypes.octetStream,
    digest: String(await Digest.fromStream(source.open())),
    size,
  };
  await setting.registry.uploadBlob("a/b", source, { descriptor });
  assert(madeAtFirst! <= size / 4, `${madeAtFirst} of ${size} bytes`);
});

Deno.test("an upload that failed is an error, also that of no bytes", async () => {
  await using setting = await fixture((request, next) =>
    request.method === "PUT" && request.url.includes("/uploads/")
      ? new Response(null, { status: 500 })
      : next(request)
  );
  await assertRejects(
    () => setting.registry.uploadBlob("a/b", ""),
    RegistryError,
  );
});

Deno.test("a manifest goes up as what it is, with no byte changed", async () => {
  await using setting = await fixture();
  const { registry } = setting;
  const { config, layers } = manifestOf(
    (await registry.push("a/b:v1")).manifest,
  );
  const mediaType = MediaTypes.dockerManifest;
  const docker = { schemaVersion: 2 as const, mediaType, config, layers };
  const bytes = encodeJson(docker);
  await registry.uploadManifest("a/b:docker", bytes);
  const found = await registry.getManifest("a/b:docker");
  assertEquals(found.descriptor.mediaType, mediaType);
  assertEquals(found.bytes, bytes);
});

Deno.test("a layout is pushed by what its descriptors say, and not by how its blobs look", async () => {
  await using setting = await fixture();
  const { folder, registry, transport } = setting;
  // A layer that looks like a manifest, in a manifest that does not say what it is.
  const layer = '{"schemaVersion":2,"config":{},"layers":[]}';
  await pushByHand(setting, "a/b:v1", [{ title: "a.json", content: layer }]);
  const { mediaType: _, ...rest } = (await registry.getManifest("a/b:v1"))
    .value as Manifest;
  const bare = await parseManifestContent(encodeJson(rest));
  await registry.uploadManifest("a/b:v2", bare.bytes);
  const layout = new LayoutStore(join(folder, "layout"));
  await copy(registry.repository("a/b"), "v2", layout, "v2");

  const target = new Registry({ hostname: "registry.example", transport });
  const there = target.repository("restored/b");
  const { descriptor } = await copy(layout, "v2", there, "v2");
  assertEquals(descriptor.digest, bare.descriptor.digest);
  const outdir = join(folder, "out");
  const [path] = await target.pull("restored/b:v2", {
    outdir,
    mediaTypes: ["text/plain"],
  });
  assertEquals(await Deno.readTextFile(path!), layer);
  await assertRejects(
    () => copy(layout, "v9", there, "v9"),
    Error,
    "v9",
  );
});
