import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import type { Descriptor } from "../../../image/descriptor.ts";
import { slicePage } from "../paging.ts";
import type {
  ByteRange,
  Page,
  RegistryStorage,
  StoredManifest,
  TagCheck,
} from "../storage.ts";
import { BlobFiles } from "./_blob_files.ts";
import { remove, writeDurably } from "./_files.ts";
import { LayoutFiles } from "./_layout_files.ts";
import { LayoutIndex } from "./_layout_index.ts";
import { LayoutManifests } from "./_layout_manifests.ts";
import { Paths } from "./_paths.ts";
import { RealFolders } from "./_real_folders.ts";
import { walkRepositories } from "./_repository_walk.ts";
import { UploadFiles } from "./_upload_files.ts";

/**
 * Makes a storage in a directory, where each repository is an OCI image layout.
 *
 * Repository `team/app` is the layout `root/team/app`. Layouts that other tools
 * write below the root are served at once, and gone when they are deleted; what is
 * pushed can be read by other tools as it lies there. Tags are the
 * `org.opencontainers.image.ref.name` of the entries in `index.json`; names there
 * that are no tags are left alone. A repository whose folders are symbolic links is
 * refused, because they may lead out of the root. Because a layout has files of its own, no part
 * of a repository name can be `blobs`, `index.json` or `oci-layout`.
 *
 * Files appear under their final names whole and on the disk. Several storages, in
 * several processes too, can work on one root. A blob that is mounted is a hard
 * link where the file system has them. Unfinished uploads are in `root/_uploads`.
 *
 * @example Push, and find a layout
 * ```ts
 * import { createRegistry } from "@gantry/oci/distribution/server";
 * import { directoryStorage } from "@gantry/oci/distribution/server/node";
 * import { Digest } from "@gantry/oci/digest";
 * import { assertEquals } from "@std/assert";
 *
 * const root = await Deno.makeTempDir();
 * const registry = createRegistry({ storage: directoryStorage(root) });
 * const digest = await Digest.fromString("hello");
 * await registry.fetch(
 *   new Request(`http://localhost/v2/app/blobs/uploads/?digest=${digest}`, { method: "POST", body: "hello" }),
 * );
 * assertEquals(await Deno.readTextFile(`${root}/app/blobs/sha256/${digest.encoded}`), "hello");
 * await Deno.remove(root, { recursive: true });
 * ```
 */
export function directoryStorage(root: string): RegistryStorage {
  return new DirectoryStorage(root);
}

class DirectoryStorage implements RegistryStorage {
  readonly #paths: Paths;
  readonly #blobs: BlobFiles;
  readonly #layouts: LayoutFiles;
  readonly #manifests: LayoutManifests;
  readonly #uploads: UploadFiles;
  readonly #folders: RealFolders;

  constructor(root: string) {
    this.#paths = new Paths(root);
    this.#blobs = new BlobFiles(this.#paths);
    this.#layouts = new LayoutFiles(this.#paths);
    this.#manifests = new LayoutManifests(this.#blobs);
    this.#uploads = new UploadFiles(this.#paths);
    this.#folders = new RealFolders(this.#paths);
  }

  async repositories(page: Page): Promise<readonly string[]> {
    const names: string[] = [];
    for await (const name of walkRepositories(this.#paths.root)) {
      names.push(name);
    }
    return slicePage(names, page);
  }

  async hasRepository(repository: string): Promise<boolean> {
    await this.#folders.assertReal(repository);
    return await this.#layouts.exists(repository);
  }

  async blobSize(
    repository: string,
    digest: string,
  ): Promise<number | undefined> {
    await this.#folders.assertReal(repository);
    return (await this.#blobs.state(repository, digest))?.size;
  }

  async readBlob(
    repository: string,
    digest: string,
    range?: ByteRange,
  ): Promise<ReadableStream<Uint8Array<ArrayBuffer>> | undefined> {
    await this.#folders.assertReal(repository);
    return await this.#blobs.read(repository, digest, range);
  }

  async mountBlob(
    repository: string,
    digest: string,
    from: string,
  ): Promise<boolean> {
    await this.#folders.assertReal(repository);
    await this.#folders.assertReal(from);
    if (await this.#blobs.state(from, digest) === undefined) return false;
    await this.#layouts.ensure(repository);
    return await this.#blobs.mount(repository, digest, from);
  }

  async deleteBlob(repository: string, digest: string): Promise<boolean> {
    await this.#folders.assertReal(repository);
    const index = await this.#layouts.readIndex(repository);
    // A manifest lies among the blobs, but goes by its own way, with its tags.
    if (index === undefined || index.byDigest.has(digest)) return false;
    return await this.#blobs.delete(repository, digest);
  }

  async createUpload(repository: string): Promise<string> {
    await this.#folders.assertReal(repository);
    // Refuses now a name that could not be committed later.
    this.#paths.repository(repository);
    return await this.#uploads.create(repository);
  }

  uploadSize(repository: string, upload: string): Promise<number | undefined> {
    return this.#uploads.size(repository, upload);
  }

  writeUpload(
    repository: string,
    upload: string,
    offset: number,
    body: ReadableStream<Uint8Array<ArrayBuffer>>,
  ): Promise<number> {
    return this.#uploads.write(repository, upload, offset, body);
  }

  readUpload(
    repository: string,
    upload: string,
  ): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    return this.#uploads.read(repository, upload);
  }

  async commitUpload(
    repository: string,
    upload: string,
    digest: string,
    size: number,
  ): Promise<void> {
    await this.#folders.assertReal(repository);
    await this.#uploads.finish(repository, upload, size, async (file) => {
      await this.#layouts.ensure(repository);
      await this.#blobs.adopt(file, repository, digest);
    });
  }

  deleteUpload(repository: string, upload: string): Promise<boolean> {
    return this.#uploads.delete(repository, upload);
  }

  expireUploads(before: number): Promise<void> {
    return this.#uploads.expire(before);
  }

  async readManifest(
    repository: string,
    reference: string,
  ): Promise<StoredManifest | undefined> {
    await this.#folders.assertReal(repository);
    const index = await this.#layouts.readIndex(repository);
    const digest = reference.includes(":")
      ? reference
      : index?.tags.get(reference);
    if (index === undefined || digest === undefined) return undefined;
    return await this.#manifests.read(repository, digest, index);
  }

  async writeManifest(
    repository: string,
    { digest, mediaType, bytes }: StoredManifest,
    tags: readonly string[],
    check?: TagCheck,
  ): Promise<void> {
    await this.#folders.assertReal(repository);
    await this.#layouts.ensure(repository);
    const temporary = this.#paths.temporary();
    await mkdir(dirname(temporary), { recursive: true });
    await writeDurably(temporary, bytes);
    try {
      await this.#blobs.adopt(temporary, repository, digest);
    } catch (error) {
      await remove(temporary);
      throw error;
    }
    const descriptor = { mediaType, digest, size: bytes.byteLength };
    await this.#layouts.updateIndex(
      repository,
      (index) => {
        for (const tag of tags) check?.(tag, index.tags.get(tag));
        return index.with(descriptor, tags);
      },
    );
  }

  async deleteManifest(repository: string, digest: string): Promise<boolean> {
    await this.#folders.assertReal(repository);
    const index = await this.#layouts.readIndex(repository) ??
      LayoutIndex.empty();
    const listed = index.byDigest.has(digest);
    if (!listed) {
      const found = await this.#manifests.read(repository, digest, index);
      if (found === undefined) return false;
    }
    await this.#layouts.updateIndex(
      repository,
      (index) => index.withoutManifest(digest),
    );
    await this.#blobs.delete(repository, digest);
    return true;
  }

  async tags(
    repository: string,
    page: Page,
  ): Promise<readonly string[] | undefined> {
    await this.#folders.assertReal(repository);
    const index = await this.#layouts.readIndex(repository);
    return index && slicePage([...index.tags.keys()], page);
  }

  async deleteTag(repository: string, tag: string): Promise<boolean> {
    await this.#folders.assertReal(repository);
    const index = await this.#layouts.readIndex(repository);
    if (!index?.tags.has(tag)) return false;
    let found = false;
    await this.#layouts.updateIndex(repository, (index) => {
      found = index.tags.has(tag);
      return index.withoutTag(tag);
    });
    return found;
  }

  async referrers(
    repository: string,
    subject: string,
  ): Promise<readonly Descriptor[]> {
    await this.#folders.assertReal(repository);
    const index = await this.#layouts.readIndex(repository);
    if (index === undefined) return [];
    return await this.#manifests.referrers(repository, subject, index);
  }
}
