import type {
  FetchContentOptions,
  ReferrersOptions,
  TagsOptions,
} from "../../distribution/content_options.ts";
import type { RawManifest } from "../../distribution/manifests.ts";
import type { SignalOptions } from "../../distribution/signal_options.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import { MediaTypes } from "../../image/media_type.ts";
import type {
  ManifestFetcher,
  ReadableStore,
  ReferrerLister,
  TagLister,
} from "../store.ts";
import { StoreError } from "../store_error.ts";
import { contentNotFound } from "../stores/_content.ts";
import { TarIndex } from "../stores/_tar_index.ts";
import { LayoutArchive } from "../stores/layout_archive.ts";

/** Reads from an image layout in a tar file, for `--oci-layout FILE`. */
export class LayoutFile
  implements ReadableStore, ManifestFetcher, ReferrerLister, TagLister {
  readonly #path: string;
  readonly #archive: LayoutArchive;
  readonly #index: TarIndex;

  private constructor(path: string, archive: LayoutArchive, index: TarIndex) {
    this.#path = path;
    this.#archive = archive;
    this.#index = index;
  }

  /**
   * Opens a file.
   *
   * @throws {StoreError} `STORE_INVALID`: no layout is in it.
   */
  static async open(
    path: string,
    { signal }: SignalOptions,
  ): Promise<LayoutFile> {
    const { fileSource } = await import("../node/file_source.ts");
    const source = await fileSource(path);
    try {
      const archive = await LayoutArchive.open(source, { signal });
      const index = await TarIndex.read(source, { signal });
      return new LayoutFile(path, archive, index);
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
      throw new StoreError(
        cause.code,
        cause.message.replace(/(?:the )?archive/, () => path),
        {
          cause,
          hint: 'What is compressed is read by "gantry cp oci-archive:PATH"',
        },
      );
    }
  }

  fetch(
    descriptor: Descriptor,
    options?: FetchContentOptions,
  ): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    return this.#archive.fetch(descriptor, options);
  }

  exists(descriptor: Descriptor): Promise<boolean> {
    return this.#archive.exists(descriptor);
  }

  resolve(reference: string, options?: SignalOptions): Promise<Descriptor> {
    return this.#archive.resolve(reference, options);
  }

  fetchManifest(
    reference: string,
    options?: SignalOptions,
  ): Promise<RawManifest> {
    return this.#archive.fetchManifest(reference, options);
  }

  listReferrers(
    subject: Descriptor,
    options?: ReferrersOptions,
  ): AsyncIterable<Descriptor> {
    return this.#archive.listReferrers(subject, options);
  }

  listTags(options?: TagsOptions): AsyncIterable<string> {
    return this.#archive.listTags(options);
  }

  /** The descriptor of a blob of which only the digest is known. */
  findBlob(digest: string): Promise<Descriptor> {
    const found = this.#index.find(`blobs/${digest.replace(":", "/")}`);
    if (found === undefined) throw contentNotFound(digest, this.#path);
    const { size } = found;
    const mediaType = MediaTypes.octetStream;
    return Promise.resolve({ mediaType, digest, size });
  }
}
