import type { ProgressHook } from "../distribution/progress.ts";
import type { SignalOptions } from "../distribution/signal_options.ts";
import { toSource } from "../distribution/source.ts";
import { appendLayer } from "../image/build_image_config.ts";
import type { Descriptor } from "../image/descriptor.ts";
import { encodeJson } from "../image/encode_json.ts";
import type { ImageConfig } from "../image/image_config.ts";
import type { Manifest } from "../image/manifest.ts";
import {
  isIndex,
  isManifest,
  type ManifestContent,
  parseManifestContent,
} from "../image/manifest_content.ts";
import { MediaTypes } from "../image/media_type.ts";
import { MAX_MANIFEST_SIZE } from "../image/parse_json.ts";
import type { Platform } from "../image/platform.ts";
import { parseImageConfig } from "../image/validate_image_config.ts";
import { manifestForPlatform } from "./_platform.ts";
import { checkConcurrency, forEachConcurrent } from "./_pool.ts";
import { describe } from "./_describe.ts";
import { ArtifactError } from "./errors.ts";
import { putTagged } from "./graph/_put_tagged.ts";
import { resolveManifest } from "./graph/_read_manifest.ts";
import type { ImageLayer } from "./image_layer.ts";
import type { Store } from "./store.ts";
import { readBytes } from "./stores/_content.ts";

/** What {@linkcode appendToImage} is told. */
export interface AppendToImageOptions extends SignalOptions {
  /** The layers, the lowest first. */
  readonly layers: readonly ImageLayer[];
  /** The tags of the new image; without any it is known by its digest alone. */
  readonly tags?: readonly string[] | undefined;
  /** The platform whose image is extended, where the reference is an index. */
  readonly platform?: Platform | undefined;
  /**
   * When the layers were made, for the history and for the image itself.
   *
   * @default {no time is told of the layers, and the image keeps its own}
   */
  readonly created?: Date | undefined;
  /**
   * How many layers are uploaded at once.
   *
   * @default {8}
   */
  readonly concurrency?: number | undefined;
  /** Takes the steps of the uploads. */
  readonly onProgress?: ProgressHook | undefined;
}

/**
 * Makes a new image of one that a store holds, with layers on top of it, and stores
 * it beside that. DiffIDs and history of its config grow by a line per layer; all else
 * stays as it is, unknown fields too. The image itself does not change.
 *
 * @throws {StoreError | NotFoundError} There is no such image; see {@linkcode isNotFound}.
 * @throws {ArtifactError} `ARTIFACT_UNSUPPORTED`: it is no image, or an index and no platform is given, or one of Docker, which does not take the layers, or its config tells of other layers than it has; `PLATFORM_NOT_FOUND`: it is not there for the platform.
 * @throws {ValidationError | JsonError} Its config is none.
 * @throws {RangeError} `concurrency` is no positive integer.
 *
 * @example
 * ```ts
 * import { appendToImage, describeLayer, MemoryStore } from "@gantry/oci/oras";
 * import { toSource } from "@gantry/oci/distribution";
 * import { Digest } from "@gantry/oci/digest";
 * import { encodeJson, imageConfig, MediaTypes } from "@gantry/oci/image";
 * import { assertEquals } from "@std/assert";
 *
 * const store = new MemoryStore();
 * async function put(mediaType: string, value: unknown) {
 *   const bytes = encodeJson(value);
 *   const digest = String(await Digest.fromBytes(bytes));
 *   const descriptor = { mediaType, digest, size: bytes.byteLength };
 *   await store.push(descriptor, toSource(bytes));
 *   return descriptor;
 * }
 * const config = await put(MediaTypes.config, imageConfig());
 * const mediaType = MediaTypes.manifest;
 * const base = await put(mediaType, {
 *   schemaVersion: 2,
 *   mediaType,
 *   config,
 *   layers: [],
 * });
 *
 * const layer = await describeLayer(new Uint8Array(1024));
 * const { value } = await appendToImage(store, base.digest, {
 *   layers: [layer],
 *   tags: ["v2"],
 * });
 * assertEquals(value.layers, [layer.descriptor]);
 * ```
 */
export async function appendToImage(
  store: Store,
  reference: string,
  options: AppendToImageOptions,
): Promise<ManifestContent<Manifest>> {
  const { concurrency = 8, onProgress, signal, tags = [] } = options;
  checkConcurrency(concurrency);
  const image = await readImage(store, reference, options);
  const { descriptor: { mediaType }, value } = image;
  const layers = options.layers.map(({ descriptor }) =>
    descriptorIn(image, descriptor, reference)
  );
  const config = encodeJson(
    extended(await readConfig(store, image, reference, { signal }), options),
  );
  const newConfig = await describe(config, value.config.mediaType, { signal });
  const uploads = [
    ...options.layers.map(({ source }, index) =>
      [layers[index]!, source] as const
    ),
    [newConfig, toSource(config)] as const,
  ];
  await forEachConcurrent(
    uploads,
    { limit: concurrency, signal },
    async ([descriptor, source], signal) => {
      await store.push(descriptor, source, { onProgress, signal });
    },
  );
  return await putImage(store, {
    manifest: {
      ...value,
      config: newConfig,
      layers: [...value.layers, ...layers],
    },
    mediaType,
  }, { signal, tags });
}

const CONFIGS: ReadonlySet<string> = new Set([
  MediaTypes.config,
  MediaTypes.dockerConfig,
]);

async function readImage(
  store: Store,
  reference: string,
  { platform, signal }: AppendToImageOptions,
): Promise<ManifestContent<Manifest>> {
  let content = await resolveManifest(store, reference, { signal });
  if (platform !== undefined) {
    content = await manifestForPlatform(store, content, platform, { signal });
  }
  const { value } = content;
  if (isIndex(value)) {
    throw refusal(
      reference,
      "it is an index of several images",
      "Choose one of them by its platform or digest",
    );
  }
  if (!isManifest(value) || !CONFIGS.has(value.config.mediaType)) {
    throw refusal(reference, "it is no image");
  }
  if (value.config.size > MAX_MANIFEST_SIZE) {
    throw refusal(
      reference,
      `its config has more than ${MAX_MANIFEST_SIZE} bytes`,
    );
  }
  return { ...content, value };
}

/** Reads an image's config, and refuses one that new layers cannot be put on top of. */
async function readConfig(
  store: Store,
  { value: { config, layers } }: ManifestContent<Manifest>,
  reference: string,
  options: SignalOptions,
): Promise<ImageConfig> {
  const stream = await store.fetch(config, options);
  const found = parseImageConfig(await readBytes(stream, config, options));
  // Go writes null for none.
  const ids = found.rootfs.diff_ids?.length ?? 0;
  const told = found.history?.filter((line) => !line.empty_layer).length ?? 0;
  // A history may leave layers out, but tell of none that are not there.
  const wrong = ids !== layers.length ? ids : told > ids ? told : undefined;
  if (wrong !== undefined) {
    throw refusal(
      reference,
      `its config tells of ${wrong} layers, and it has ${layers.length}`,
    );
  }
  return found;
}

/** What the image says of a layer: in Docker's format, with the type that Docker has for it. */
function descriptorIn(
  image: ManifestContent,
  layer: Descriptor,
  reference: string,
): Descriptor {
  if (image.descriptor.mediaType !== MediaTypes.dockerManifest) return layer;
  if (layer.mediaType !== MediaTypes.layerGzip) {
    throw refusal(
      reference,
      `it is an image of Docker's format, and the layer is of type ${layer.mediaType}`,
      "Compress the layer with gzip",
    );
  }
  return { ...layer, mediaType: MediaTypes.dockerLayerGzip };
}

function refusal(
  reference: string,
  seen: string,
  hint?: string,
): ArtifactError {
  return new ArtifactError(
    "ARTIFACT_UNSUPPORTED",
    `Cannot append to ${reference}: ${seen}`,
    { hint },
  );
}

function extended(
  config: ImageConfig,
  { created, layers }: AppendToImageOptions,
): ImageConfig {
  return layers.reduce(
    (config, { createdBy, diffId }) =>
      appendLayer(config, { created, createdBy, diffId }),
    config,
  );
}

async function putImage(
  store: Store,
  { manifest, mediaType }: {
    readonly manifest: Manifest;
    readonly mediaType: Descriptor["mediaType"];
  },
  { signal, tags }: SignalOptions & { readonly tags: readonly string[] },
): Promise<ManifestContent<Manifest>> {
  const content = await parseManifestContent(encodeJson(manifest), {
    mediaType,
  }) as ManifestContent<Manifest>;
  await putTagged(store, content, [...new Set(tags)], { signal });
  return content;
}
