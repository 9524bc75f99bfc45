// A storage is asynchronous: what fails here must reject, not throw.
// deno-lint-ignore-file require-await
import {
  type ByteRange,
  describeReferrer,
  type Page,
  type RegistryStorage,
  type StoredManifest,
  type TagCheck,
} from "@gantry/oci/distribution/server";

/**
 * What object stores have in common: whole objects, read in ranges, listed by
 * prefix, and written only where they are as they were. No object is renamed,
 * appended to or linked.
 */
class ObjectStore {
  readonly #objects = new Map<string, Uint8Array<ArrayBuffer>>();

  async get(key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#objects.get(key);
  }

  async put(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#objects.set(key, bytes);
  }

  /** Writes where the object still is `before`; gives false where it is not. */
  async putIf(
    key: string,
    bytes: Uint8Array<ArrayBuffer>,
    before: Uint8Array<ArrayBuffer> | undefined,
  ): Promise<boolean> {
    if (this.#objects.get(key) !== before) return false;
    this.#objects.set(key, bytes);
    return true;
  }

  async delete(key: string): Promise<boolean> {
    return this.#objects.delete(key);
  }

  async list(prefix: string): Promise<string[]> {
    return [...this.#objects.keys()]
      .filter((key) => key.startsWith(prefix))
      .map((key) => key.slice(prefix.length)).sort();
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A storage over an object store, which shows that the interface fits one. */
export function objectStorage(): RegistryStorage {
  return new ObjectStorage();
}

class ObjectStorage implements RegistryStorage {
  readonly #store = new ObjectStore();

  async repositories({ last = "", limit }: Page): Promise<readonly string[]> {
    const names = await this.#store.list("repository/");
    return names.map(decodeURIComponent).filter((name) => name > last).sort()
      .slice(0, limit);
  }

  async hasRepository(repository: string): Promise<boolean> {
    return await this.#store.get(at("repository", repository)) !== undefined;
  }

  async blobSize(
    repository: string,
    digest: string,
  ): Promise<number | undefined> {
    return (await this.#store.get(at("blob", repository, digest)))?.byteLength;
  }

  async readBlob(
    repository: string,
    digest: string,
    range?: ByteRange,
  ): Promise<ReadableStream<Uint8Array<ArrayBuffer>> | undefined> {
    const bytes = await this.#store.get(at("blob", repository, digest));
    return bytes && new Response(bytes.slice(range?.start, range?.end)).body!;
  }

  async mountBlob(
    repository: string,
    digest: string,
    from: string,
  ): Promise<boolean> {
    const bytes = await this.#store.get(at("blob", from, digest));
    if (bytes === undefined) return false;
    await this.#store.put(at("blob", repository, digest), bytes);
    await this.#ensure(repository);
    return true;
  }

  async deleteBlob(repository: string, digest: string): Promise<boolean> {
    return await this.#store.delete(at("blob", repository, digest));
  }

  async createUpload(repository: string): Promise<string> {
    const upload = crypto.randomUUID();
    const state = encoder.encode(String(Date.now()));
    await this.#store.put(at("upload", repository, upload, "state"), state);
    return upload;
  }

  async uploadSize(
    repository: string,
    upload: string,
  ): Promise<number | undefined> {
    return (await this.#parts(repository, upload))?.reduce(
      (size, part) => size + part.byteLength,
      0,
    );
  }

  async writeUpload(
    repository: string,
    upload: string,
    offset: number,
    body: ReadableStream<Uint8Array<ArrayBuffer>>,
  ): Promise<number> {
    if (await this.uploadSize(repository, upload) !== offset) {
      await body.cancel();
      throw new Error("The upload is not that long");
    }
    const bytes = await new Response(body).bytes();
    const name = String(offset).padStart(16, "0");
    await this.#store.put(at("upload", repository, upload, "at", name), bytes);
    return offset + bytes.byteLength;
  }

  async readUpload(
    repository: string,
    upload: string,
  ): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const parts = await this.#parts(repository, upload);
    if (parts === undefined) throw new Error("There is no such upload");
    return new Response(new Blob(parts)).body!;
  }

  async commitUpload(
    repository: string,
    upload: string,
    digest: string,
    size: number,
  ): Promise<void> {
    const parts = await this.#parts(repository, upload);
    const bytes = parts && await new Blob(parts).bytes();
    if (bytes?.byteLength !== size) throw new Error("It is not that long");
    await this.#store.put(at("blob", repository, digest), bytes);
    await this.#ensure(repository);
    await this.deleteUpload(repository, upload);
  }

  async deleteUpload(repository: string, upload: string): Promise<boolean> {
    const prefix = `${at("upload", repository, upload)}/`;
    const names = await this.#store.list(prefix);
    for (const name of names) await this.#store.delete(prefix + name);
    return names.length > 0;
  }

  async expireUploads(before: number): Promise<void> {
    for (const name of await this.#store.list("upload/")) {
      const key = `upload/${name}`;
      if (!key.endsWith("/state")) continue;
      const begun = Number(decoder.decode(await this.#store.get(key)));
      if (begun < before) await this.#store.delete(key);
    }
  }

  async readManifest(
    repository: string,
    reference: string,
  ): Promise<StoredManifest | undefined> {
    const tag = await this.#store.get(at("tag", repository, reference));
    const digest = tag === undefined ? reference : decoder.decode(tag);
    const bytes = await this.#store.get(at("manifest", repository, digest));
    const type = await this.#store.get(at("type", repository, digest));
    if (bytes === undefined || type === undefined) return undefined;
    return { digest, mediaType: decoder.decode(type), bytes };
  }

  async writeManifest(
    repository: string,
    { digest, mediaType, bytes }: StoredManifest,
    tags: readonly string[],
    check?: TagCheck,
  ): Promise<void> {
    await this.#store.put(at("manifest", repository, digest), bytes);
    const type = encoder.encode(mediaType);
    await this.#store.put(at("type", repository, digest), type);
    await this.#ensure(repository);
    const read = async (tag: string) => {
      const before = await this.#store.get(at("tag", repository, tag));
      check?.(tag, before && decoder.decode(before));
      return before;
    };
    for (const tag of tags) await read(tag);
    for (const tag of tags) {
      const key = at("tag", repository, tag);
      const target = encoder.encode(digest);
      while (!(await this.#store.putIf(key, target, await read(tag))));
    }
  }

  async deleteManifest(repository: string, digest: string): Promise<boolean> {
    for (const tag of await this.#tags(repository)) {
      const target = await this.#store.get(at("tag", repository, tag));
      if (decoder.decode(target) === digest) {
        await this.deleteTag(repository, tag);
      }
    }
    return await this.#store.delete(at("manifest", repository, digest));
  }

  async tags(
    repository: string,
    { last = "", limit }: Page,
  ): Promise<readonly string[] | undefined> {
    if (!(await this.hasRepository(repository))) return undefined;
    const tags = await this.#tags(repository);
    return tags.filter((tag) => tag > last).slice(0, limit);
  }

  async deleteTag(repository: string, tag: string): Promise<boolean> {
    return await this.#store.delete(at("tag", repository, tag));
  }

  async referrers(
    repository: string,
    subject: string,
  ): ReturnType<RegistryStorage["referrers"]> {
    const digests = await this.#store.list(`${at("manifest", repository)}/`);
    const manifests = await Promise.all(
      digests.map((digest) =>
        this.readManifest(repository, decodeURIComponent(digest))
      ),
    );
    return manifests.map((manifest) => manifest && describeReferrer(manifest))
      .filter((found) => found?.subject === subject)
      .map((found) => found!.descriptor);
  }

  async #tags(repository: string): Promise<string[]> {
    return await this.#store.list(`${at("tag", repository)}/`);
  }

  async #ensure(repository: string): Promise<void> {
    await this.#store.put(at("repository", repository), new Uint8Array());
  }

  async #parts(
    repository: string,
    upload: string,
  ): Promise<Uint8Array<ArrayBuffer>[] | undefined> {
    const key = at("upload", repository, upload);
    if (await this.#store.get(`${key}/state`) === undefined) return undefined;
    const names = await this.#store.list(`${key}/at/`);
    const parts = names.map((name) => this.#store.get(`${key}/at/${name}`));
    return (await Promise.all(parts)).map((part) => part!);
  }
}

/** The key of an object: no name can reach into another one's. */
function at(...parts: readonly string[]): string {
  return parts.map(encodeURIComponent).join("/");
}
