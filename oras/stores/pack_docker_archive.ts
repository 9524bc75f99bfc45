import { Digest } from "../../digest/digest.ts";
import type { SignalOptions } from "../../distribution/signal_options.ts";
import { type Source, toSource } from "../../distribution/source.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import { encodeJson } from "../../image/encode_json.ts";
import { compressionOf } from "../../image/layer/compression.ts";
import type { Manifest } from "../../image/manifest.ts";
import { isIndex, isManifest } from "../../image/manifest_content.ts";
import { MediaTypes } from "../../image/media_type.ts";
import { MAX_MANIFEST_SIZE } from "../../image/parse_json.ts";
import { hostPlatform, type Platform } from "../../image/platform.ts";
import { manifestForPlatform } from "../_platform.ts";
import { ArtifactError } from "../errors.ts";
import { readManifest } from "../graph/_read_manifest.ts";
import type { Fetcher } from "../store.ts";
import { readBytes } from "./_content.ts";
import { diffIdsOf } from "./_docker_images.ts";
import { fullName, IMAGE_NAME } from "./_full_name.ts";
import { expanded, type Spool } from "./_spool.ts";
import { type TarFile, tarStream } from "./_tar_stream.ts";
import { type LayoutEntry, layoutFiles } from "./pack_layout.ts";

/** An image that goes into an archive. */
export interface DockerArchiveImage {
  /** Its manifest, or an index of it. */
  readonly descriptor: Descriptor;
  /** The names that it is loaded under, as `repository:tag`. */
  readonly names: readonly string[];
}

/** How {@linkcode packDockerArchive} packs. */
export interface PackDockerArchiveOptions extends SignalOptions {
  /**
   * The form: `oci` is an OCI layout that docker loads, too, with manifests and layers as
   * they are, as docker writes it since version 25; `docker` is what came before, with
   * layers uncompressed.
   *
   * @default {"oci"}
   */
  readonly format?: "oci" | "docker" | undefined;
  /**
   * Which image of an index is meant.
   *
   * @default {hostPlatform(), on Linux}
   */
  readonly platform?: Platform | undefined;
  /**
   * Keeps uncompressed layers in the form `docker`.
   *
   * @default {they are fetched and decompressed twice, the first time for their size}
   */
  readonly spool?: Spool | undefined;
}

interface FoundImage {
  readonly names: readonly string[];
  readonly manifest: Manifest;
}

/**
 * Packs images of a store as `docker save` does, for `docker load` and for all that
 * read such archives. The archive comes as it is read, and the same images make the
 * same bytes.
 *
 * The stream fails with an `ArtifactError` where something is no image, or has none
 * for the platform.
 *
 * @throws {TypeError} A name has no tag.
 *
 * @example
 * ```ts
 * import { MemoryStore, packDockerArchive } from "@gantry/oci/oras";
 * import { assertThrows } from "@std/assert";
 *
 * const descriptor = { mediaType: "application/x", digest: "sha256:…", size: 0 };
 * const images = [{ descriptor, names: ["without-tag"] }];
 * assertThrows(() => packDockerArchive(new MemoryStore(), images), TypeError);
 * ```
 */
export function packDockerArchive(
  store: Fetcher,
  images: readonly DockerArchiveImage[],
  options: PackDockerArchiveOptions = {},
): ReadableStream<Uint8Array<ArrayBuffer>> {
  for (const name of images.flatMap(({ names }) => names)) splitName(name);
  return tarStream(
    options.format === "docker"
      ? dockerFiles(store, images, options)
      : ociFiles(store, images, options),
  );
}

async function* ociFiles(
  store: Fetcher,
  images: readonly DockerArchiveImage[],
  options: PackDockerArchiveOptions,
): AsyncGenerator<TarFile> {
  const found = await findImages(store, images, options);
  const list = found.map(({ manifest, names }) => ({
    Config: blobPath(manifest.config),
    RepoTags: names,
    Layers: manifest.layers.map(blobPath),
  }));
  const repositories = repositoriesOf(
    found.map(({ manifest, names }) => {
      const last = manifest.layers.at(-1)?.digest;
      return [names, last && Digest.parse(last).encoded];
    }),
  );
  const entries = images.flatMap(({ descriptor, names }) =>
    names.length === 0
      ? [{ descriptor }]
      : names.map((name) => namedEntry(descriptor, name))
  );
  yield* layoutFiles(store, entries, {
    signal: options.signal,
    files: {
      "manifest.json": encodeJson(list),
      "repositories": encodeJson(repositories),
    },
  });
}

/** An entry as docker writes it: containerd names an image by its full name. */
function namedEntry(descriptor: Descriptor, name: string): LayoutEntry {
  const full = fullName(name) ?? name;
  const annotations = { [IMAGE_NAME]: full };
  return { descriptor, tag: splitName(name)[1], annotations };
}

/** Docker's oldest list of names: the last layer of each tag of each repository. */
function repositoriesOf(
  images: readonly (readonly [readonly string[], string | undefined])[],
): Record<string, Record<string, string>> {
  // A repository may be called `constructor`, which every object has.
  const found = new Map<string, [tag: string, last: string][]>();
  for (const [names, last = ""] of images) {
    for (const [repository, tag] of names.map(splitName)) {
      const tags = found.get(repository) ?? [];
      found.set(repository, [...tags, [tag, last]]);
    }
  }
  return Object.fromEntries(
    Array.from(found, ([name, tags]) => [name, Object.fromEntries(tags)]),
  );
}

async function* dockerFiles(
  store: Fetcher,
  images: readonly DockerArchiveImage[],
  options: PackDockerArchiveOptions,
): AsyncGenerator<TarFile> {
  const { signal, spool } = options;
  const written = new Set<string>();
  const list: object[] = [];
  const lasts: [readonly string[], string | undefined][] = [];
  for (const { manifest, names } of await findImages(store, images, options)) {
    const { config } = manifest;
    const bytes = await readBytes(
      await store.fetch(config, { signal }),
      config,
      { signal },
    );
    const diffIds = diffIdsOf(bytes);
    if (diffIds.length !== manifest.layers.length) {
      throw unsupported(
        config,
        `it tells of ${diffIds.length} layers, and the image has ${manifest.layers.length}`,
      );
    }
    const ids = diffIds.map((id) => Digest.parse(id).encoded);
    const configPath = `${Digest.parse(config.digest).encoded}.json`;
    if (!written.has(configPath)) {
      yield { path: configPath, source: toSource(bytes) };
      written.add(configPath);
    }
    for (const [index, layer] of manifest.layers.entries()) {
      const id = ids[index]!;
      const path = `${id}/layer.tar`;
      if (written.has(path)) continue;
      written.add(path);
      const from: Source = {
        size: layer.size,
        open: (offset) => store.fetch(layer, { offset, signal }),
      };
      const { source } = await expanded(
        from,
        compressionOf(layer.mediaType) ?? "auto",
        { diffId: diffIds[index]!, signal, spool },
      );
      yield { path, source };
    }
    list.push({
      Config: configPath,
      RepoTags: names,
      Layers: ids.map((id) => `${id}/layer.tar`),
    });
    lasts.push([names, ids.at(-1)]);
  }
  const repositories = repositoriesOf(lasts);
  yield { path: "manifest.json", source: toSource(encodeJson(list)) };
  yield { path: "repositories", source: toSource(encodeJson(repositories)) };
}

async function findImages(
  store: Fetcher,
  images: readonly DockerArchiveImage[],
  options: PackDockerArchiveOptions,
): Promise<FoundImage[]> {
  const { signal } = options;
  const platform = options.platform ??
    { ...hostPlatform(), os: "linux" } as Platform;
  const found: FoundImage[] = [];
  for (const { descriptor, names } of images) {
    let content = await readManifest(store, descriptor, { signal });
    if (isIndex(content.value)) {
      content = await manifestForPlatform(store, content, platform, { signal });
    }
    const { value } = content;
    const isImage = isManifest(value) &&
      CONFIGS.has(value.config.mediaType) &&
      value.config.size <= MAX_MANIFEST_SIZE;
    if (!isImage) throw unsupported(content.descriptor, "it is no image");
    found.push({ names, manifest: value });
  }
  return found;
}

const CONFIGS: ReadonlySet<string> = new Set([
  MediaTypes.config,
  MediaTypes.dockerConfig,
]);

function blobPath({ digest }: Descriptor): string {
  const { algorithm, encoded } = Digest.parse(digest);
  return `blobs/${algorithm}/${encoded}`;
}

function splitName(name: string): [string, string] {
  const colon = name.lastIndexOf(":");
  if (colon <= name.lastIndexOf("/") || colon === name.length - 1) {
    throw new TypeError(
      `Cannot pack image ${name}: its name needs a tag, as repository:tag`,
    );
  }
  return [name.slice(0, colon), name.slice(colon + 1)];
}

function unsupported({ digest }: Descriptor, reason: string): ArtifactError {
  return new ArtifactError(
    "ARTIFACT_UNSUPPORTED",
    `Cannot pack ${digest} for docker: ${reason}`,
  );
}
