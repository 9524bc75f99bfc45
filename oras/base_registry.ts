import { NotFoundError } from "../distribution/errors.ts";
import type { Reference } from "../distribution/reference.ts";
import type { SignalOptions } from "../distribution/signal_options.ts";
import type { SourceLike } from "../distribution/source.ts";
import type { DeleteTagOptions } from "../distribution/tags.ts";
import type { Descriptor } from "../image/descriptor.ts";
import { encodeJson } from "../image/encode_json.ts";
import type { Index, Manifest } from "../image/manifest.ts";
import {
  type ManifestContent,
  parseManifestContent,
} from "../image/manifest_content.ts";
import { MediaTypes } from "../image/media_type.ts";
import { describe } from "./_describe.ts";
import { copy } from "./copy.ts";
import type { CopyOptions, CopyResult } from "./copy_options.ts";
import {
  discover,
  type DiscoverOptions,
  type ReferrerTree,
} from "./discover.ts";
import { openContent } from "./_open_content.ts";
import { manifestForPlatform } from "./_platform.ts";
import { requireTarget } from "./_require_target.ts";
import { RegistryAccess } from "./registry_access.ts";
import type {
  DownloadBlobOptions,
  FileContent,
  GetManifestOptions,
  GetTagsOptions,
  UploadBlobOptions,
  UploadManifestOptions,
} from "./registry_options.ts";

/**
 * The calls that move single things: a blob, a manifest, a tag.
 *
 * {@linkcode Registry} adds push and pull. Every `target` is a reference or its text.
 *
 * @example Store a blob and read it back
 * ```ts
 * import { BaseRegistry } from "@gantry/oci/oras";
 * import { fromHandler } from "@gantry/oci/distribution";
 * import { createRegistry } from "@gantry/oci/distribution/server";
 * import { assertEquals } from "@std/assert";
 *
 * const server = createRegistry();
 * const registry = new BaseRegistry({
 *   hostname: "registry.example",
 *   transport: fromHandler((request) => server.fetch(request)),
 * });
 * const blob = await registry.uploadBlob("team/app", "hello", { mediaType: "text/plain" });
 * const stream = await registry.getBlob("team/app", blob);
 * assertEquals(await new Response(stream).text(), "hello");
 * ```
 */
export class BaseRegistry extends RegistryAccess {
  /**
   * Fetches a manifest or index, verified.
   *
   * @throws {InvalidReferenceError} The target is malformed, or has neither tag nor digest.
   * @throws {NotFoundError} There is none.
   * @throws {ArtifactError} `PLATFORM_NOT_FOUND`: it has no manifest for the platform.
   */
  async getManifest(
    target: string | Reference,
    options: GetManifestOptions = {},
  ): Promise<ManifestContent> {
    const reference = this.getContainer(target);
    const repository = this.repository(reference);
    const { platform, ...rest } = options;
    const content = await repository.manifests.get(
      requireTarget(reference),
      rest,
    );
    return platform === undefined
      ? content
      : await manifestForPlatform(repository, content, platform, rest);
  }

  /**
   * Uploads a manifest or index, under the target's tag or else by its digest.
   *
   * Bytes are uploaded as they are; an object is serialised once, in the order and escaping
   * that other tools use.
   *
   * @throws {InvalidReferenceError} The target is malformed.
   * @throws {ValidationError} It is no valid manifest or index.
   * @throws {JsonError} The bytes are no acceptable JSON.
   * @throws {DigestMismatchError} The target names a digest, and the manifest has another.
   */
  async uploadManifest(
    target: string | Reference,
    manifest: Manifest | Index | Uint8Array<ArrayBuffer>,
    options: UploadManifestOptions = {},
  ): Promise<Descriptor> {
    const reference = this.getContainer(target);
    const bytes = manifest instanceof Uint8Array
      ? manifest
      : encodeJson(manifest);
    const { descriptor } = await parseManifestContent(bytes, options);
    return await this.repository(reference).manifests.put(
      reference.target ?? descriptor.digest,
      bytes,
      { signal: options.signal, mediaType: descriptor.mediaType },
    );
  }

  /**
   * Uploads a blob, unless the repository has it, and gives its descriptor.
   *
   * @throws {InvalidReferenceError} The target is malformed.
   * @throws {PathError} The file cannot be read, or changes meanwhile.
   * @throws {RangeError} The content has another size than the descriptor given.
   */
  async uploadBlob(
    target: string | Reference,
    content: SourceLike | FileContent,
    options: UploadBlobOptions = {},
  ): Promise<Descriptor> {
    const { blobs } = this.repository(target);
    const { mediaType = MediaTypes.octetStream, onProgress, signal } = options;
    const source = await openContent(content);
    const descriptor = options.descriptor ??
      await describe(source, mediaType, { signal });
    await blobs.push(descriptor, source, { signal, onProgress });
    return descriptor;
  }

  /**
   * Opens a blob, given by its descriptor or digest, as a verified stream.
   *
   * @throws {NotFoundError} The repository has no such blob.
   */
  async getBlob(
    target: string | Reference,
    blob: string | Descriptor,
    options: SignalOptions = {},
  ): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const { blobs } = this.repository(target);
    const descriptor = typeof blob === "string"
      ? await blobs.head(blob, options)
      : blob;
    return await blobs.get(descriptor, options);
  }

  /**
   * Downloads a blob, given by its descriptor or digest, to a file, and gives the file's path.
   *
   * @throws {NotFoundError} The repository has no such blob.
   * @throws {PathError} The file cannot be written.
   */
  async downloadBlob(
    target: string | Reference,
    blob: string | Descriptor,
    options: DownloadBlobOptions,
  ): Promise<string> {
    const { path, overwrite, resume, onProgress, ...call } = options;
    const repository = this.repository(target);
    const descriptor = typeof blob === "string"
      ? await repository.blobs.head(blob, call)
      : blob;
    const { downloadFile } = await import("./node/download_file.ts");
    return await downloadFile(repository, descriptor, {
      ...call,
      path,
      overwrite,
      resume,
      report: onProgress,
    });
  }

  /**
   * Whether the repository has a blob, given by its descriptor or digest.
   *
   * @throws {DigestError} The digest is malformed.
   */
  async blobExists(
    target: string | Reference,
    blob: string | Descriptor,
    options: SignalOptions = {},
  ): Promise<boolean> {
    const { blobs } = this.repository(target);
    const descriptor = typeof blob === "string" ? { digest: blob } : blob;
    return await blobs.exists(descriptor, options);
  }

  /**
   * Lists a repository's tags, in the registry's order.
   *
   * @throws {NotFoundError} There is no such repository.
   */
  async getTags(
    target: string | Reference,
    options: GetTagsOptions = {},
  ): Promise<string[]> {
    const { limit = Infinity, ...call } = options;
    const tags: string[] = [];
    if (limit <= 0) return tags;
    for await (const tag of this.repository(target).tags.list(call)) {
      tags.push(tag);
      if (tags.length >= limit) break;
    }
    return tags;
  }

  /**
   * Deletes one tag, and tells whether it was there. Other tags of the same manifest stay.
   *
   * @throws {InvalidReferenceError} The tag is malformed.
   * @throws {UnsupportedError} The registry deletes neither tags nor manifests, or no tags and `placeholder` is false.
   * @throws {TagDeletionError} The deletion did not come to its end; the error says where the tag points.
   */
  async deleteTag(
    target: string | Reference,
    tag: string,
    options: DeleteTagOptions = {},
  ): Promise<boolean> {
    const { tags } = this.repository(target);
    try {
      await tags.delete(tag, options);
      return true;
    } catch (error) {
      if (error instanceof NotFoundError) return false;
      throw error;
    }
  }

  /**
   * Deletes tags, and gives those that were there.
   *
   * @throws {InvalidReferenceError} A tag is malformed.
   * @throws {UnsupportedError} The registry deletes neither tags nor manifests, or no tags and `placeholder` is false.
   * @throws {TagDeletionError} A deletion did not come to its end; the error says where the tag points.
   */
  async deleteTags(
    target: string | Reference,
    tags: readonly string[],
    options: DeleteTagOptions = {},
  ): Promise<string[]> {
    const deleted: string[] = [];
    for (const tag of tags) {
      if (await this.deleteTag(target, tag, options)) deleted.push(tag);
    }
    return deleted;
  }

  /**
   * Copies an artifact to another name, in this registry or another, with all that it
   * points at; see {@linkcode copy}.
   *
   * @param source What is copied.
   * @param target Its new name; with a digest it gets no tag.
   * @throws {CopyError} One of the sides failed.
   * @throws {InvalidReferenceError} A name is malformed.
   */
  async copy(
    source: string | Reference,
    target: string | Reference,
    options: CopyOptions = {},
  ): Promise<CopyResult> {
    const [from, to] = [this.getContainer(source), this.getContainer(target)];
    return await copy(
      this.repository(from),
      requireTarget(from),
      this.repository(to),
      requireTarget(to),
      { concurrency: this.options.concurrency, ...options },
    );
  }

  /**
   * Finds what refers to a manifest, and what refers to that; see {@linkcode discover}.
   *
   * @throws {NotFoundError} There is no such manifest.
   * @throws {RangeError} The depth is no number from 1.
   */
  async discover(
    target: string | Reference,
    options: DiscoverOptions = {},
  ): Promise<ReferrerTree> {
    const reference = this.getContainer(target);
    const store = this.repository(reference);
    return await discover(store, requireTarget(reference), options);
  }

  /**
   * Finds out what a reference leads to, without fetching it.
   *
   * @throws {NotFoundError} There is no such tag or manifest.
   */
  async resolve(
    target: string | Reference,
    options: SignalOptions = {},
  ): Promise<Descriptor> {
    const reference = this.getContainer(target);
    return await this.repository(reference).manifests.head(
      requireTarget(reference),
      options,
    );
  }

  /**
   * Gives a manifest one or more further tags in its repository.
   *
   * @throws {InvalidReferenceError} A tag is malformed: none is then given.
   * @throws {NotFoundError} There is no such manifest.
   */
  async tag(
    target: string | Reference,
    tags: string | readonly string[],
    options: SignalOptions = {},
  ): Promise<Descriptor> {
    const reference = this.getContainer(target);
    const wanted = typeof tags === "string" ? [tags] : tags;
    for (const tag of wanted) reference.withTag(tag);
    const { descriptor, bytes } = await this.getManifest(reference, options);
    const { manifests } = this.repository(reference);
    const { mediaType } = descriptor;
    for (const tag of wanted) {
      await manifests.put(tag, bytes, { ...options, mediaType });
    }
    return descriptor;
  }
}
