import { Digest } from "../../digest/digest.ts";
import { verifyStream } from "../../digest/verify_stream.ts";
import { SingleFlight } from "../../distribution/_single_flight.ts";
import type {
  FetchContentOptions,
  TagsOptions,
} from "../../distribution/content_options.ts";
import type { RawManifest } from "../../distribution/manifests.ts";
import type { SignalOptions } from "../../distribution/signal_options.ts";
import { type Source, toSource } from "../../distribution/source.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import { encodeJson } from "../../image/encode_json.ts";
import { MediaTypes } from "../../image/media_type.ts";
import { MAX_MANIFEST_SIZE } from "../../image/parse_json.ts";
import type {
  ManifestFetcher,
  Prober,
  ReadableStore,
  TagLister,
} from "../store.ts";
import { invalid, readSmall } from "./_archive_files.ts";
import {
  checkOffset,
  contentNotFound,
  isDigest,
  referenceNotFound,
} from "./_content.ts";
import {
  diffIdsOf,
  type DockerImage,
  parseDockerImages,
} from "./_docker_images.ts";
import { fullName } from "./_full_name.ts";
import { sourceCompression } from "./_source_compression.ts";
import { compressed, inspected, type Spool } from "./_spool.ts";
import { TarIndex } from "./_tar_index.ts";
import { sortedTags } from "./_sorted_tags.ts";

/** How {@linkcode DockerArchive} gives what it holds. */
export interface DockerArchiveOptions extends SignalOptions {
  /**
   * How layers are given that lie there uncompressed: by gzip, as docker, skopeo and
   * crane push them, or as they are. What is compressed already stays as it is.
   *
   * @default {"gzip"}
   */
  readonly compression?: "gzip" | "none" | undefined;
  /**
   * Keeps compressed layers.
   *
   * @default {they are compressed anew for each reading}
   */
  readonly spool?: Spool | undefined;
}

interface Piece {
  readonly descriptor: Descriptor;
  readonly source: Source;
}

const HERE = "the archive";

/**
 * An archive as `docker save` writes it, of the form without an OCI layout. Archives
 * that have one, as docker writes them since version 25, are read as such a layout.
 *
 * It has no manifests, so OCI's are made of what it has: an image is looked at, and its
 * layers compressed, when it is resolved. Its tags are the names of its images; its
 * digests are those of its manifests, and the image IDs.
 *
 * @example
 * ```ts
 * import { DockerArchive, MemoryStore, packDockerArchive } from "@gantry/oci/oras";
 * import { toSource } from "@gantry/oci/distribution";
 * import { encodeJson, imageConfig, parseManifestContent } from "@gantry/oci/image";
 * import { Digest } from "@gantry/oci/digest";
 * import { assertEquals } from "@std/assert";
 *
 * const store = new MemoryStore();
 * const put = async (mediaType: string, bytes: Uint8Array<ArrayBuffer>) => {
 *   const digest = String(await Digest.fromBytes(bytes));
 *   const descriptor = { mediaType, digest, size: bytes.byteLength };
 *   await store.push(descriptor, toSource(bytes));
 *   return descriptor;
 * };
 * const config = await put(
 *   "application/vnd.oci.image.config.v1+json",
 *   encodeJson({ architecture: "amd64", os: "linux", rootfs: { type: "layers", diff_ids: [] } }),
 * );
 * const manifest = { schemaVersion: 2, config, layers: [] };
 * const image = await put("application/vnd.oci.image.manifest.v1+json", encodeJson(manifest));
 *
 * const images = [{ descriptor: image, names: ["team/app:v1"] }];
 * const tar = packDockerArchive(store, images, { format: "docker" });
 * const archive = await DockerArchive.open(toSource(await new Response(tar).bytes()));
 * assertEquals(await Array.fromAsync(archive.listTags()), ["team/app:v1"]);
 * ```
 */
export class DockerArchive
  implements ReadableStore, Prober, TagLister, ManifestFetcher {
  readonly #tar: TarIndex;
  readonly #images: readonly DockerImage[];
  readonly #options: DockerArchiveOptions;
  readonly #pieces = new Map<string, Piece>();
  readonly #made = new Map<DockerImage, RawManifest>();
  readonly #making = new SingleFlight<RawManifest>();

  private constructor(
    tar: TarIndex,
    images: readonly DockerImage[],
    options: DockerArchiveOptions,
  ) {
    this.#tar = tar;
    this.#images = images;
    this.#options = options;
  }

  /**
   * Opens an archive.
   *
   * @throws {StoreError} `STORE_INVALID`: it is no tar, or not one of docker's.
   */
  static async open(
    source: Source,
    options: DockerArchiveOptions = {},
  ): Promise<DockerArchive> {
    const tar = await TarIndex.read(source, options);
    const list = await readSmall(tar, "manifest.json", MAX_MANIFEST_SIZE);
    return new DockerArchive(tar, parseDockerImages(list), options);
  }

  /**
   * Opens content of an image that has been resolved, verified.
   *
   * @throws {StoreError} `CONTENT_NOT_FOUND`: there is no such content.
   * @throws {RangeError} The offset is not within the content.
   */
  async fetch(
    descriptor: Descriptor,
    options: FetchContentOptions = {},
  ): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const { offset = 0, signal } = options;
    signal?.throwIfAborted();
    checkOffset(descriptor, offset);
    const piece = this.#pieces.get(descriptor.digest);
    if (piece === undefined) throw contentNotFound(descriptor.digest, HERE);
    const stream = await piece.source.open(offset);
    return offset > 0 ? stream : verifyStream(stream, descriptor);
  }

  /** Whether the content is that of an image which has been resolved. */
  exists(
    descriptor: Pick<Descriptor, "digest">,
    options: SignalOptions = {},
  ): Promise<boolean> {
    return new Promise((resolve) => {
      options.signal?.throwIfAborted();
      resolve(this.#pieces.has(descriptor.digest));
    });
  }

  /**
   * The descriptor of the manifest made for an image: by its name, in full or only its
   * tag where one image has it, or by its ID.
   *
   * @throws {StoreError} `REFERENCE_NOT_FOUND`: there is no such image, or several that it could be; `STORE_INVALID`: the image is not whole.
   * @throws {ContentError} A layer is not what the config says.
   */
  async resolve(
    reference: string,
    options: SignalOptions = {},
  ): Promise<Descriptor> {
    return (await this.fetchManifest(reference, options)).descriptor;
  }

  /**
   * The manifest made for an image, with its descriptor.
   *
   * @throws {StoreError | ContentError} As {@linkcode DockerArchive.resolve}.
   */
  async fetchManifest(
    reference: string,
    options: SignalOptions = {},
  ): Promise<RawManifest> {
    options.signal?.throwIfAborted();
    for (const manifest of this.#made.values()) {
      if (manifest.descriptor.digest === reference) return manifest;
    }
    const image = await this.#find(reference);
    return this.#made.get(image) ?? await this.#making.run(
      String(this.#images.indexOf(image)),
      (signal) => this.#make(image, { signal }),
      options.signal,
    );
  }

  /** Lists the names of the images, in the order of their characters. */
  listTags(options: TagsOptions = {}): AsyncIterable<string> {
    return sortedTags(this.#images.flatMap(({ names }) => names), options);
  }

  /** The images, as the archive names them. */
  images(): readonly DockerImage[] {
    return this.#images;
  }

  async #find(reference: string): Promise<DockerImage> {
    if (isDigest(reference)) {
      for (const image of this.#images) {
        if (await this.#imageId(image) === reference) return image;
      }
      throw referenceNotFound(reference, HERE);
    }
    const full = fullName(reference);
    for (
      const fits of [
        (name: string) => name === reference,
        (name: string) => full !== undefined && fullName(name) === full,
        (name: string) => name.endsWith(`:${reference}`),
      ]
    ) {
      const found = this.#images.filter(({ names }) => names.some(fits));
      if (found.length > 1) break;
      if (found[0] !== undefined) return found[0];
    }
    throw referenceNotFound(reference, HERE);
  }

  async #imageId({ config }: DockerImage): Promise<string> {
    const bytes = await readSmall(this.#tar, config, MAX_MANIFEST_SIZE);
    return String(await Digest.fromBytes(bytes));
  }

  async #make(
    image: DockerImage,
    { signal }: SignalOptions,
  ): Promise<RawManifest> {
    const { config, layers } = image;
    const configBytes = await readSmall(this.#tar, config, MAX_MANIFEST_SIZE);
    const ids = diffIdsOf(configBytes);
    if (ids.length !== layers.length) {
      throw invalid(
        `an image has ${layers.length} layers, its config tells of ${ids.length}`,
      );
    }
    const pieces: Piece[] = [];
    for (const [index, path] of layers.entries()) {
      pieces.push(await this.#layer(path, ids[index]!, { signal }));
    }
    const configPiece = await bytesPiece(MediaTypes.config, configBytes);
    const mediaType = MediaTypes.manifest;
    const bytes = encodeJson({
      schemaVersion: 2,
      mediaType,
      config: configPiece.descriptor,
      layers: pieces.map(({ descriptor }) => descriptor),
    });
    const manifest = await bytesPiece(mediaType, bytes);
    for (const piece of [...pieces, configPiece, manifest]) {
      this.#pieces.set(piece.descriptor.digest, piece);
    }
    const made = { descriptor: manifest.descriptor, bytes };
    this.#made.set(image, made);
    return made;
  }

  async #layer(
    path: string,
    diffId: string,
    { signal }: SignalOptions,
  ): Promise<Piece> {
    const { compression = "gzip", spool } = this.#options;
    const source = this.#tar.find(path);
    if (source === undefined) throw invalid(`it has no ${path}`);
    const found = await sourceCompression(source);
    const options = { diffId, signal, spool };
    if (found !== "none") {
      const mediaType = found === "zstd"
        ? MediaTypes.layerZstd
        : MediaTypes.layerGzip;
      const digest = await inspected(source, options);
      return { descriptor: { mediaType, digest, size: source.size }, source };
    }
    if (compression === "none") {
      const { size } = source;
      const descriptor = { mediaType: MediaTypes.layer, digest: diffId, size };
      return { descriptor, source };
    }
    const { digest, source: packed } = await compressed(source, options);
    return {
      descriptor: {
        mediaType: MediaTypes.layerGzip,
        digest,
        size: packed.size,
      },
      source: packed,
    };
  }
}

async function bytesPiece(
  mediaType: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Piece> {
  const digest = String(await Digest.fromBytes(bytes));
  return {
    descriptor: { mediaType, digest, size: bytes.byteLength },
    source: toSource(bytes),
  };
}
