import { resolve } from "node:path";
import { Digest } from "../../../digest/digest.ts";
import { verifyStream } from "../../../digest/verify_stream.ts";
import type {
  FetchContentOptions,
  PushContentOptions,
  PushContentResult,
  ReferrersOptions,
  TagsOptions,
} from "../../../distribution/content_options.ts";
import type { RawManifest } from "../../../distribution/manifests.ts";
import type { SignalOptions } from "../../../distribution/signal_options.ts";
import type { Source } from "../../../distribution/source.ts";
import { AnnotationKeys } from "../../../image/annotations.ts";
import type { Descriptor } from "../../../image/descriptor.ts";
import { isManifestType } from "../../../image/manifest_type.ts";
import { MediaTypes } from "../../../image/media_type.ts";
import { MAX_MANIFEST_SIZE } from "../../../image/parse_json.ts";
import { successors } from "../../../image/successors.ts";
import { titleOf } from "../../_pull_defaults.ts";
import { readManifest } from "../../graph/_read_manifest.ts";
import { fileSource } from "../../node/file_source.ts";
import { OutputDirectory } from "../../node/output_directory.ts";
import type {
  Deleter,
  ManifestFetcher,
  ReferrerLister,
  Store,
  TagChecker,
  TagLister,
  Untagger,
} from "../../store.ts";
import { StoreError } from "../../store_error.ts";
import { checkOffset, openVerified } from "../_content.ts";
import { MemoryStore } from "../memory_store.ts";
import { pushReporter } from "../_push_reporter.ts";
import { PlacedFiles } from "./_placed_files.ts";
import type { AddFileOptions, FileStoreOptions } from "./file_store_options.ts";

/**
 * Files in a directory under the names that an artifact gives them: what has a title
 * is a file, and all else, such as manifests and configs, is held in memory.
 *
 * To copy an artifact to it is to pull its files, and to copy from it to push them.
 * Files are written beside their place and renamed when they are verified. One that
 * is there with the right content is left alone.
 *
 * @example Pull the files of an artifact
 * ```ts
 * import { copy, MemoryStore, push } from "@gantry/oci/oras";
 * import { FileStore } from "@gantry/oci/oras/node";
 * import { assertEquals } from "@std/assert";
 *
 * const store = new MemoryStore();
 * await push(store, { tags: ["v1"], files: [{ title: "a.txt", content: "a" }] });
 * const folder = await Deno.makeTempDir();
 * await copy(store, "v1", new FileStore(folder));
 * assertEquals(await Deno.readTextFile(`${folder}/a.txt`), "a");
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export class FileStore
  implements
    Store,
    Untagger,
    Deleter,
    ReferrerLister,
    TagLister,
    TagChecker,
    ManifestFetcher {
  /** The directory. */
  readonly path: string;
  readonly #memory = new MemoryStore();
  readonly #options: FileStoreOptions;
  readonly #files: PlacedFiles;

  /** Makes a store of a directory, which need not exist yet. */
  constructor(path: string, options: FileStoreOptions = {}) {
    this.path = path;
    this.#options = options;
    this.#files = new PlacedFiles(new OutputDirectory(path, options), options);
  }

  /**
   * Reads a file of the directory and makes it content of the store, for a manifest
   * that is to be pushed from here.
   *
   * @throws {PathError} There is no such file.
   */
  async addFile(
    path: string,
    options: AddFileOptions = {},
  ): Promise<Descriptor> {
    const { mediaType = MediaTypes.layer, signal, title = path } = options;
    const full = resolve(this.path, path);
    const source = await fileSource(full);
    const digest = String(
      await Digest.fromStream(await source.open(), { signal }),
    );
    this.#files.add(digest, full);
    const annotations = {
      ...options.annotations,
      [AnnotationKeys.title]: title,
    };
    return { mediaType, digest, size: source.size, annotations };
  }

  /**
   * Opens content for reading, verified.
   *
   * @throws {StoreError} `CONTENT_NOT_FOUND`: there is no such content.
   * @throws {PathError} A file is gone.
   * @throws {RangeError} The offset is not within the content.
   */
  async fetch(
    descriptor: Descriptor,
    options: FetchContentOptions = {},
  ): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const { offset = 0, signal } = options;
    signal?.throwIfAborted();
    const path = this.#files.pathOf(descriptor.digest);
    if (path === undefined) {
      return await this.#memory.fetch(descriptor, options);
    }
    checkOffset(descriptor, offset);
    const stream = await (await fileSource(path)).open(offset);
    return offset > 0 ? stream : verifyStream(stream, descriptor);
  }

  /** Whether the store holds the content: in memory, or in a file under its title. */
  async exists(
    descriptor: Descriptor,
    options: SignalOptions = {},
  ): Promise<boolean> {
    options.signal?.throwIfAborted();
    const title = titleOf(descriptor);
    if (title === undefined) {
      return this.#files.pathOf(descriptor.digest) !== undefined ||
        await this.#memory.exists(descriptor, options);
    }
    return await this.#files.holds(title, descriptor, options);
  }

  /**
   * Brings content in: to a file, where it has a title. With a manifest come the files
   * of all its titles, also where several have one content.
   *
   * @throws {ContentError} The content is not what the descriptor says.
   * @throws {PathError} A title leads out of the directory or stands for two contents of one manifest, or a file must not be replaced.
   * @throws {StoreError} `STORE_UNSUPPORTED`: content without a title is too large for memory.
   */
  async push(
    descriptor: Descriptor,
    source: Source,
    options: PushContentOptions = {},
  ): Promise<PushContentResult> {
    const { digest, size } = descriptor;
    const { signal } = options;
    const title = titleOf(descriptor);
    if (isManifestType(descriptor.mediaType)) {
      const result = await this.#memory.push(descriptor, source, options);
      await this.#placeAll(descriptor, { signal });
      return result;
    }
    const isFile = this.#files.pathOf(digest) !== undefined;
    if (title === undefined && isFile) return "exists";
    const { maxUntitledSize = MAX_MANIFEST_SIZE } = this.#options;
    if (title === undefined && size > maxUntitledSize) {
      throw new StoreError(
        "STORE_UNSUPPORTED",
        `Cannot hold ${digest} of ${size} bytes: it has no title to be a file by`,
      );
    }
    if (title === undefined) {
      return await this.#memory.push(descriptor, source, options);
    }
    const report = pushReporter(descriptor, {
      ...options,
      name: options.name ?? title,
    });
    const isThere = await this.#files.holds(title, descriptor, { signal });
    if (!isThere) {
      const stream = await openVerified(descriptor, source, { signal });
      await this.#files.write(title, descriptor, stream, {
        signal,
        onBytes: (bytes) => report("uploading", bytes),
      });
    }
    const result = isThere ? "exists" : "uploaded";
    report(result, size);
    return result;
  }

  /**
   * The descriptor of what a tag or a manifest's digest names.
   *
   * @throws {StoreError} `REFERENCE_NOT_FOUND`: there is no such reference.
   */
  async resolve(
    reference: string,
    options: SignalOptions = {},
  ): Promise<Descriptor> {
    return await this.#memory.resolve(reference, options);
  }

  /**
   * A manifest by tag or digest, with its descriptor.
   *
   * @throws {StoreError} `REFERENCE_NOT_FOUND`: there is no such reference.
   */
  async fetchManifest(
    reference: string,
    options: SignalOptions = {},
  ): Promise<RawManifest> {
    return await this.#memory.fetchManifest(reference, options);
  }

  /**
   * Refuses what the store would not take as a tag.
   *
   * @throws {StoreError} `REFERENCE_INVALID`: the tag is malformed.
   */
  checkTag(tag: string): void {
    this.#memory.checkTag(tag);
  }

  /**
   * Points a tag at a manifest.
   *
   * @throws {StoreError} `CONTENT_NOT_FOUND`: the manifest is not here; `REFERENCE_INVALID`: the tag is malformed.
   */
  async tag(
    descriptor: Descriptor,
    reference: string,
    options: SignalOptions = {},
  ): Promise<void> {
    await this.#memory.tag(descriptor, reference, options);
  }

  /**
   * Removes a tag.
   *
   * @throws {StoreError} `REFERENCE_NOT_FOUND`: there is no such tag.
   */
  async untag(reference: string, options: SignalOptions = {}): Promise<void> {
    await this.#memory.untag(reference, options);
  }

  /**
   * Lets go of content; a manifest with all its tags. Files stay.
   *
   * @throws {StoreError} `CONTENT_NOT_FOUND`: there is no such content.
   */
  async delete(
    descriptor: Pick<Descriptor, "digest">,
    options: SignalOptions = {},
  ): Promise<void> {
    const { digest } = descriptor;
    options.signal?.throwIfAborted();
    if (this.#files.forget(digest)) return;
    await this.#memory.delete(descriptor, options);
  }

  /** Lists the manifests whose subject is the one given. */
  listReferrers(
    descriptor: Pick<Descriptor, "digest">,
    options: ReferrersOptions = {},
  ): AsyncIterable<Descriptor> {
    return this.#memory.listReferrers(descriptor, options);
  }

  /** Lists the tags, in the order of their characters. */
  listTags(options: TagsOptions = {}): AsyncIterable<string> {
    return this.#memory.listTags(options);
  }

  /** Writes the files of titles whose content came under another title. */
  async #placeAll(
    manifest: Descriptor,
    options: SignalOptions,
  ): Promise<void> {
    const { value } = await readManifest(this.#memory, manifest, options);
    const contents = successors(value);
    this.#files.refuseDuplicates(contents);
    for (const descriptor of contents) {
      const title = titleOf(descriptor);
      if (title === undefined || isManifestType(descriptor.mediaType)) continue;
      if (this.#files.pathOf(descriptor.digest) === undefined) continue;
      if (this.#files.isAt(title, descriptor.digest)) continue;
      if (await this.#files.holds(title, descriptor, options)) continue;
      const stream = await this.fetch(descriptor, options);
      await this.#files.write(title, descriptor, stream, options);
    }
  }
}
