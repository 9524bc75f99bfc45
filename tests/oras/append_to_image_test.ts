import { assertEquals, assertRejects } from "@std/assert";
import { decodeHex } from "@std/encoding/hex";
import {
  encodeJson,
  type ImageConfig,
  MediaTypes,
  parseImageConfig,
} from "@gantry/oci/image";
import { toSource } from "@gantry/oci/distribution";
import { Digest } from "@gantry/oci/digest";
import {
  appendToImage,
  ArtifactError,
  createIndex,
  describeLayer,
  MemoryStore,
} from "@gantry/oci/oras";
import { zstdBomb } from "../image/layer/_tar_blocks.ts";

const TAR = new Uint8Array(1024);
const GZIP = await gzip(TAR);
/** The same by zstd. */
const ZSTD = decodeHex("28b52ffd6000034d00001000000100fb2b8005");
const DIFF_ID = String(await Digest.fromBytes(TAR));

async function gzip(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const packed = new Blob([bytes]).stream()
    .pipeThrough(new CompressionStream("gzip"));
  return await new Response(packed).bytes();
}

async function put(store: MemoryStore, mediaType: string, value: unknown) {
  const bytes = encodeJson(value);
  const digest = String(await Digest.fromBytes(bytes));
  const descriptor = { mediaType, digest, size: bytes.byteLength };
  await store.push(descriptor, toSource(bytes));
  return descriptor;
}

/** An image of one layer, whose history does not tell of it, with fields that nobody knows. */
async function image(
  store: MemoryStore,
  mediaType: string = MediaTypes.manifest,
  fields: Readonly<Record<string, unknown>> = {},
) {
  const isDocker = mediaType === MediaTypes.dockerManifest;
  const config = await put(
    store,
    isDocker ? MediaTypes.dockerConfig : MediaTypes.config,
    {
      architecture: "arm64",
      os: "linux",
      created: "2020-01-01T00:00:00Z",
      config: { Env: ["A=b"], Unknown: 2 ** 53 - 1 },
      rootfs: { type: "layers", diff_ids: [DIFF_ID] },
      "x-own": true,
      ...fields,
    },
  );
  const layer = await describeLayer(GZIP);
  await store.push(layer.descriptor, layer.source);
  return await put(store, mediaType, {
    schemaVersion: 2,
    mediaType,
    config,
    layers: [{
      ...layer.descriptor,
      mediaType: isDocker ? MediaTypes.dockerLayerGzip : MediaTypes.layerGzip,
    }],
    annotations: { kept: "yes" },
    "x-own": 1,
  });
}

async function configOf(
  store: MemoryStore,
  config: { mediaType: string; digest: string; size: number },
): Promise<ImageConfig> {
  const stream = await store.fetch(config);
  return parseImageConfig(await new Response(stream).bytes());
}

Deno.test("appendToImage() adds layers, DiffIDs and history, and keeps all else", async () => {
  const store = new MemoryStore();
  const base = await image(store);
  const layer = await describeLayer(ZSTD);
  const { descriptor, value } = await appendToImage(store, base.digest, {
    layers: [{ ...layer, createdBy: "one" }, await describeLayer(TAR)],
    tags: ["v2", "latest", "v2"],
    created: new Date("2024-01-02T03:04:05Z"),
  });
  assertEquals((await store.resolve("v2")).digest, descriptor.digest);
  assertEquals((await store.resolve("latest")).digest, descriptor.digest);
  assertEquals(value.annotations, { kept: "yes" });
  assertEquals(value["x-own"], 1);
  assertEquals(
    value.layers.map(({ mediaType }) => mediaType),
    [MediaTypes.layerGzip, MediaTypes.layerZstd, MediaTypes.layer],
  );
  for (const layer of value.layers) {
    assertEquals(await store.exists(layer), true);
  }
  const created = "2024-01-02T03:04:05Z";
  assertEquals(await configOf(store, value.config), {
    architecture: "arm64",
    os: "linux",
    created,
    config: { Env: ["A=b"], Unknown: 2 ** 53 - 1 },
    rootfs: { type: "layers", diff_ids: [DIFF_ID, DIFF_ID, DIFF_ID] },
    "x-own": true,
    history: [{}, { created, created_by: "one" }, { created }],
  } as unknown as ImageConfig);
});

Deno.test("appendToImage() keeps Docker's format, and refuses layers that it does not know", async () => {
  const store = new MemoryStore();
  const base = await image(store, MediaTypes.dockerManifest);
  const { descriptor, value } = await appendToImage(store, base.digest, {
    layers: [await describeLayer(GZIP)],
  });
  assertEquals(descriptor.mediaType, MediaTypes.dockerManifest);
  assertEquals(value.layers[1]?.mediaType, MediaTypes.dockerLayerGzip);
  const error = await assertRejects(
    async () =>
      await appendToImage(store, base.digest, {
        layers: [await describeLayer(TAR)],
      }),
    ArtifactError,
    "Docker's format",
  );
  assertEquals(error.hint, "Compress the layer with gzip");
});

Deno.test("appendToImage() takes the image for a platform of an index, and refuses an index and an artifact", async () => {
  const store = new MemoryStore();
  const base = await image(store);
  await createIndex(store, [base.digest], { tags: ["all"] });
  const layers = [await describeLayer(TAR)];
  await assertRejects(
    () => appendToImage(store, "all", { layers }),
    ArtifactError,
    "it is an index of several images",
  );
  const { value } = await appendToImage(store, "all", {
    layers,
    platform: { architecture: "arm64", os: "linux" },
  });
  assertEquals(value.layers.length, 2);
  const config = await put(store, MediaTypes.empty, {});
  const artifact = await put(store, MediaTypes.manifest, {
    schemaVersion: 2,
    mediaType: MediaTypes.manifest,
    config,
    layers: [],
  });
  await assertRejects(
    () => appendToImage(store, artifact.digest, { layers }),
    ArtifactError,
    "it is no image",
  );
  // Before anything is read, so that nothing is half done.
  await assertRejects(
    () => appendToImage(store, "none", { layers, concurrency: 0 }),
    RangeError,
  );
});

Deno.test("appendToImage() refuses an image whose config tells of other layers than it has", async () => {
  const store = new MemoryStore();
  const layers = [await describeLayer(TAR)];
  const history = [{ created_by: "one" }, { created_by: "two" }];
  for (
    const [count, config] of [
      [0, { rootfs: { type: "layers", diff_ids: [] } }],
      [2, { rootfs: { type: "layers", diff_ids: [DIFF_ID, DIFF_ID] } }],
      [2, { rootfs: { type: "layers", diff_ids: [DIFF_ID] }, history }],
    ] as const
  ) {
    const base = await image(store, MediaTypes.manifest, config);
    const error = await assertRejects(
      () => appendToImage(store, base.digest, { layers }),
      ArtifactError,
      `its config tells of ${count} layers, and it has 1`,
    );
    assertEquals(error.code, "ARTIFACT_UNSUPPORTED");
  }
});

Deno.test("describeLayer() refuses what is no layer, and ends at an abort", async () => {
  const contents = [
    "no archive",
    TAR.slice(0, 600),
    await gzip(new TextEncoder().encode("text")),
  ];
  for (const content of contents) {
    await assertRejects(
      () => describeLayer(content),
      ArtifactError,
      "Cannot use the content as a layer",
    );
  }
  const reason = new Error("enough");
  await assertRejects(
    () => describeLayer(TAR, { signal: AbortSignal.abort(reason) }),
    Error,
    "enough",
  );
});

Deno.test("describeLayer() lets itself be stopped while little unpacks to much", async () => {
  const bomb = zstdBomb();
  // Loads the decoder.
  await assertRejects(() => describeLayer(bomb.slice(0, 1000)), ArtifactError);
  const reason = new RangeError("enough");
  const stop = new AbortController();
  // By then the decoder is at work.
  setTimeout(() => stop.abort(reason), 50);
  const { signal } = stop;
  const error = await assertRejects(() => describeLayer(bomb, { signal }));
  assertEquals(error, reason);
});
