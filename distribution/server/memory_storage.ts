// The storage interface is asynchronous: what fails here must reject, not throw.
// deno-lint-ignore-file require-await
import type { Descriptor } from "../../image/descriptor.ts";
import { ChunkList } from "./_chunk_list.ts";
import { describeReferrer } from "./referrer_description.ts";
import { slicePage } from "./paging.ts";
import { uploadUnknown } from "./request_error.ts";
import type {
  ByteRange,
  Page,
  RegistryStorage,
  StoredManifest,
  TagCheck,
} from "./storage.ts";

interface MemoryRepository {
  readonly blobs: Map<string, ChunkList>;
  readonly manifests: Map<string, StoredManifest>;
  readonly tags: Map<string, string>;
  /** Descriptors of referrers, by subject and then by their own digest. */
  readonly referrers: Map<string, Map<string, Descriptor>>;
}

interface MemoryUpload {
  readonly repository: string;
  readonly content: ChunkList;
  written: number;
}

/**
 * Makes a storage that lives in memory, for tests and demonstrations. What it
 * holds is gone with it.
 *
 * @example Two registries over one storage
 * ```ts
 * import { createRegistry, memoryStorage } from "@gantry/oci/distribution/server";
 * import { assertEquals } from "@std/assert";
 *
 * const storage = memoryStorage();
 * const writable = createRegistry({ storage });
 * const mirror = createRegistry({ storage, readOnly: true });
 *
 * const post = () => new Request("http://localhost/v2/app/blobs/uploads/", { method: "POST" });
 * assertEquals((await writable.fetch(post())).status, 202);
 * assertEquals((await mirror.fetch(post())).status, 405);
 * ```
 */
export function memoryStorage(): RegistryStorage {
  return new MemoryStorage();
}

class MemoryStorage implements RegistryStorage {
  readonly #repositories = new Map<string, MemoryRepository>();
  readonly #uploads = new Map<string, MemoryUpload>();

  async repositories(page: Page): Promise<readonly string[]> {
    return slicePage(this.#repositories.keys(), page);
  }

  async hasRepository(repository: string): Promise<boolean> {
    return this.#repositories.has(repository);
  }

  async blobSize(
    repository: string,
    digest: string,
  ): Promise<number | undefined> {
    return this.#blob(repository, digest)?.size;
  }

  async readBlob(
    repository: string,
    digest: string,
    range?: ByteRange,
  ): Promise<ReadableStream<Uint8Array<ArrayBuffer>> | undefined> {
    return this.#blob(repository, digest)?.stream(range);
  }

  async mountBlob(
    repository: string,
    digest: string,
    from: string,
  ): Promise<boolean> {
    const blob = this.#blob(from, digest);
    if (blob === undefined) return false;
    this.#ensure(repository).blobs.set(digest, blob);
    return true;
  }

  async deleteBlob(repository: string, digest: string): Promise<boolean> {
    return this.#repositories.get(repository)?.blobs.delete(digest) ?? false;
  }

  async createUpload(repository: string): Promise<string> {
    const id = crypto.randomUUID();
    this.#uploads.set(id, {
      repository,
      content: new ChunkList(),
      written: Date.now(),
    });
    return id;
  }

  async uploadSize(
    repository: string,
    upload: string,
  ): Promise<number | undefined> {
    return this.#upload(repository, upload)?.content.size;
  }

  async writeUpload(
    repository: string,
    upload: string,
    offset: number,
    body: ReadableStream<Uint8Array<ArrayBuffer>>,
  ): Promise<number> {
    const session = this.#upload(repository, upload);
    if (session?.content.size !== offset) {
      await body.cancel();
      throw uploadUnknown();
    }
    for await (const chunk of body) {
      session.content.add(chunk);
      session.written = Date.now();
    }
    return session.content.size;
  }

  async readUpload(
    repository: string,
    upload: string,
  ): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const session = this.#upload(repository, upload);
    if (session === undefined) throw uploadUnknown();
    return session.content.stream();
  }

  async commitUpload(
    repository: string,
    upload: string,
    digest: string,
    size: number,
  ): Promise<void> {
    const session = this.#upload(repository, upload);
    if (session?.content.size !== size) throw uploadUnknown();
    this.#uploads.delete(upload);
    this.#ensure(repository).blobs.set(digest, session.content);
  }

  async deleteUpload(repository: string, upload: string): Promise<boolean> {
    return this.#upload(repository, upload) !== undefined &&
      this.#uploads.delete(upload);
  }

  async expireUploads(before: number): Promise<void> {
    for (const [id, { written }] of this.#uploads) {
      if (written < before) this.#uploads.delete(id);
    }
  }

  async readManifest(
    repository: string,
    reference: string,
  ): Promise<StoredManifest | undefined> {
    const found = this.#repositories.get(repository);
    // A tag has no colon, and a digest has one.
    const digest = found?.tags.get(reference) ?? reference;
    return found?.manifests.get(digest);
  }

  async writeManifest(
    repository: string,
    manifest: StoredManifest,
    tags: readonly string[],
    check?: TagCheck,
  ): Promise<void> {
    const { manifests, referrers, tags: allTags } = this.#ensure(repository);
    for (const tag of tags) check?.(tag, allTags.get(tag));
    manifests.set(manifest.digest, manifest);
    const referrer = describeReferrer(manifest);
    if (referrer !== undefined) {
      const { subject, descriptor } = referrer;
      if (!referrers.has(subject)) referrers.set(subject, new Map());
      referrers.get(subject)!.set(manifest.digest, descriptor);
    }
    for (const tag of tags) allTags.set(tag, manifest.digest);
  }

  async deleteManifest(repository: string, digest: string): Promise<boolean> {
    const found = this.#repositories.get(repository);
    const manifest = found?.manifests.get(digest);
    if (found === undefined || manifest === undefined) return false;
    found.manifests.delete(digest);
    const subject = describeReferrer(manifest)?.subject;
    if (subject !== undefined) found.referrers.get(subject)?.delete(digest);
    for (const [tag, target] of found.tags) {
      if (target === digest) found.tags.delete(tag);
    }
    return true;
  }

  async tags(
    repository: string,
    page: Page,
  ): Promise<readonly string[] | undefined> {
    const tags = this.#repositories.get(repository)?.tags.keys();
    return tags === undefined ? undefined : slicePage(tags, page);
  }

  async deleteTag(repository: string, tag: string): Promise<boolean> {
    return this.#repositories.get(repository)?.tags.delete(tag) ?? false;
  }

  async referrers(
    repository: string,
    subject: string,
  ): Promise<readonly Descriptor[]> {
    const found = this.#repositories.get(repository)?.referrers.get(subject);
    return [...found?.values() ?? []];
  }

  #blob(repository: string, digest: string): ChunkList | undefined {
    return this.#repositories.get(repository)?.blobs.get(digest);
  }

  #upload(repository: string, upload: string): MemoryUpload | undefined {
    const found = this.#uploads.get(upload);
    return found?.repository === repository ? found : undefined;
  }

  #ensure(name: string): MemoryRepository {
    let repository = this.#repositories.get(name);
    if (repository === undefined) {
      repository = {
        blobs: new Map(),
        manifests: new Map(),
        tags: new Map(),
        referrers: new Map(),
      };
      this.#repositories.set(name, repository);
    }
    return repository;
  }
}
