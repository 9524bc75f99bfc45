/**
 * The guide of moby-distribution, in its order, against registries on loopback in place
 * of Docker Hub.
 */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Digest } from "@gantry/oci/digest";
import {
  type Descriptor,
  encodeJson,
  imageConfig,
  isManifest,
  MediaTypes,
  parseImageConfig,
  parseManifest,
  signSchema1,
  verifySchema1,
} from "@gantry/oci/image";
import {
  NotFoundError,
  RegistryClient,
  type Repository,
  toSource,
} from "@gantry/oci/distribution";
import { createRegistry } from "@gantry/oci/distribution/server";
import { serve } from "@gantry/oci/distribution/server/node";
import { fileSource } from "@gantry/oci/oras/node";
import { join } from "node:path";
import { startDockerRegistry } from "../_support/docker_registry.ts";
import { found } from "../_support/programs.ts";

const DOCKER = MediaTypes.dockerManifest;
const SCHEMA1 = MediaTypes.dockerSchema1Signed;
const DEMO = "just a demo";
const LAYER = "a layer";
const CONFIG = encodeJson(imageConfig());

async function describe(
  content: string | Uint8Array<ArrayBuffer>,
  mediaType: string = MediaTypes.octetStream,
): Promise<Descriptor> {
  const bytes = new Uint8Array(await new Blob([content]).arrayBuffer());
  const digest = String(await Digest.fromBytes(bytes));
  return { mediaType, digest, size: bytes.byteLength };
}

async function textOf(
  stream: Promise<ReadableStream<Uint8Array>>,
): Promise<string> {
  return await new Response(await stream).text();
}

/** Pushes an image of one layer under `latest`. */
async function pushImage(repository: Repository): Promise<Descriptor> {
  const config = await describe(CONFIG, MediaTypes.dockerConfig);
  const layer = await describe(LAYER, MediaTypes.dockerLayerGzip);
  await repository.blobs.push(config, toSource(CONFIG));
  await repository.blobs.push(layer, toSource(LAYER));
  const manifest = encodeJson({
    schemaVersion: 2,
    mediaType: DOCKER,
    config,
    layers: [layer],
  });
  return await repository.manifests.put("latest", manifest, {
    mediaType: DOCKER,
  });
}

async function pushSchema1(
  { blobs, manifests, name }: Repository,
  tag: string,
): Promise<Descriptor> {
  const layer = await describe(LAYER);
  await blobs.push(layer, toSource(LAYER));
  const { bytes } = await signSchema1({
    schemaVersion: 1,
    name,
    tag,
    architecture: "amd64",
    fsLayers: [{ blobSum: layer.digest }],
    history: [{ v1Compatibility: '{"id":"a"}' }],
  });
  return await manifests.put(tag, bytes, { mediaType: SCHEMA1 });
}

async function walk(t: Deno.TestContext, host: string): Promise<void> {
  using client = new RegistryClient(host, { plainHttp: true });
  const repository = client.repository("your-username/demo");
  const { blobs, manifests, tags } = repository;
  const image = await pushImage(repository);

  await t.step("ping", () => client.ping());

  await t.step("1. List tags", async () => {
    assertEquals(await Array.fromAsync(tags.list()), ["latest"]);
  });

  await t.step("2. Get the manifest, schema 1 and schema 2", async () => {
    const old = await pushSchema1(repository, "old");
    const first = await manifests.get("old", { accept: [SCHEMA1] });
    const { value: verified, signers } = await verifySchema1(first.bytes, {
      digest: old.digest,
    });
    assertEquals(verified.tag, "old");
    assertMatch(signers[0]!.keyId, /^[A-Z2-7]{4}(:[A-Z2-7]{4}){11}$/);
    const second = await manifests.get("latest", { accept: [DOCKER] });
    assertEquals(second.descriptor, image);
    assert(isManifest(second.value));
    assertEquals(parseManifest(second.bytes), second.value);
  });

  await t.step("3. Get the config", async () => {
    const { value } = await manifests.get("latest");
    assert(isManifest(value));
    const response = new Response(await blobs.get(value.config));
    assertEquals(parseImageConfig(await response.bytes()), imageConfig());
  });

  await t.step("4. Push blobs, and pull them to a file", async () => {
    const folder = await Deno.makeTempDir();
    try {
      const pushed = await blobs.pushStream(new Blob([DEMO]).stream());
      assertEquals(pushed, await describe(DEMO));
      assertEquals(await textOf(blobs.get(pushed)), DEMO);
      assertEquals((await blobs.head(pushed.digest)).size, DEMO.length);

      const path = join(folder, "file");
      for (const chunkSize of [undefined, 2]) {
        const content = `a file in parts of ${chunkSize}`;
        await Deno.writeTextFile(path, content);
        const descriptor = await describe(content);
        await blobs.push(descriptor, await fileSource(path), { chunkSize });
        const download = join(folder, "download");
        const { writable } = await Deno.create(download);
        await (await blobs.get(descriptor)).pipeTo(writable);
        assertEquals(await Deno.readTextFile(download), content);
      }

      const { blobs: others } = client.repository("your-username/other");
      const mount = { from: repository.name };
      const mounted = await others.push(pushed, toSource(DEMO), { mount });
      assertEquals(mounted, "mounted");
      await others.delete(pushed.digest);
      assertEquals(await others.exists(pushed), false);
      await assertRejects(() => others.head(pushed.digest), NotFoundError);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });

  await t.step("5. Push the manifest", async () => {
    const { bytes } = await manifests.get("latest");
    const put = await manifests.put("v1", bytes, { mediaType: DOCKER });
    assertEquals(put, image);
    assertEquals(await manifests.head("v1"), image);
  });

  await t.step(
    "6. Push an image under another tag, and delete it",
    async () => {
      await repository.tag(image, "v2");
      assertEquals(await repository.resolve("v2"), image);
      await manifests.delete(image.digest);
      await assertRejects(() => manifests.get("latest"), NotFoundError);
      await assertRejects(() => manifests.delete(image.digest), NotFoundError);
    },
  );

  await t.step("schema 1 is deleted by its digest", async () => {
    const { digest } = await repository.manifests.head("old", {
      accept: [SCHEMA1],
    });
    await manifests.delete(digest);
    await assertRejects(
      () => manifests.get("old", { accept: [SCHEMA1] }),
      NotFoundError,
    );
  });
}

Deno.test("the guide of moby-distribution holds with the embedded registry", async (t) => {
  await using server = await serve(createRegistry({ schema1: "accept" }));
  await walk(t, new URL(server.url).host);
});

Deno.test({
  name: "the guide of moby-distribution holds with docker-registry",
  ignore: !found("docker-registry"),
  async fn(t) {
    await using server = await startDockerRegistry({ schema1: true });
    await walk(t, server.host);
  },
});
