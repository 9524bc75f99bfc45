import { resolve } from "node:path";
import { Digest } from "../../../digest/digest.ts";
import type { SignalOptions } from "../../../distribution/signal_options.ts";
import type { Descriptor } from "../../../image/descriptor.ts";
import { isManifestType } from "../../../image/manifest_type.ts";
import { duplicatePath } from "../../_duplicate_path.ts";
import { titleOf } from "../../_pull_defaults.ts";
import { PathError } from "../../errors.ts";
import { fileSource } from "../../node/file_source.ts";
import type { OutputDirectory } from "../../node/output_directory.ts";
import { writeVerifiedFile } from "../../node/write_verified_file.ts";
import type { FileStoreOptions } from "./file_store_options.ts";

/** Content that lies in files under its titles. */
export class PlacedFiles {
  readonly #directory: OutputDirectory;
  readonly #options: Pick<FileStoreOptions, "overwrite">;
  /** Where content is, by its digest. */
  readonly #paths = new Map<string, string>();
  /** The digest of what has been put into a file, by its path. */
  readonly #contents = new Map<string, string>();
  /** What has been put under a title. */
  readonly #titles = new Map<string, string>();

  constructor(
    directory: OutputDirectory,
    options: Pick<FileStoreOptions, "overwrite">,
  ) {
    this.#directory = directory;
    this.#options = options;
  }

  /** Where content is, if it is in a file. */
  pathOf(digest: string): string | undefined {
    return this.#paths.get(digest);
  }

  /** Takes content for granted that is in a file. */
  add(digest: string, path: string): void {
    this.#paths.set(digest, path);
  }

  /** Whether content is known to be where a title wants it. */
  isAt(title: string, digest: string): boolean {
    return this.#titles.get(title) === digest ||
      this.#paths.get(digest) === resolve(this.#directory.path, title);
  }

  /** Forgets where content is, and tells whether that was known. */
  forget(digest: string): boolean {
    for (const [title, held] of this.#titles) {
      if (held === digest) this.#titles.delete(title);
    }
    return this.#paths.delete(digest);
  }

  /** Whether the file of a title holds the content, which is then known to be there. */
  async holds(
    title: string,
    { digest, size }: Descriptor,
    { signal }: SignalOptions,
  ): Promise<boolean> {
    if (this.#titles.get(title) === digest) return true;
    const path = this.#directory.locate(title);
    const found = await this.#directory.inspect(path);
    if (!found?.isFile() || found.size !== size) return false;
    try {
      const { algorithm } = Digest.parse(digest);
      const stream = await (await fileSource(path)).open();
      const actual = await Digest.fromStream(stream, { algorithm, signal });
      if (!actual.equals(digest)) return false;
    } catch (error) {
      if (error instanceof PathError) return false;
      throw error;
    }
    this.#keep(title, digest, path);
    return true;
  }

  /** Refuses content that would replace other content of the same artifact. */
  refuseDuplicates(contents: readonly Descriptor[]): void {
    const known = new Map<string, { path: string; digest: string }>();
    for (const descriptor of contents) {
      const title = titleOf(descriptor);
      if (title === undefined || isManifestType(descriptor.mediaType)) continue;
      const path = resolve(this.#directory.path, title);
      const key = this.#directory.keyOf(path);
      const other = known.get(key);
      if (other !== undefined && other.digest !== descriptor.digest) {
        throw duplicatePath(path, title, other.path);
      }
      known.set(key, { path, digest: descriptor.digest });
    }
  }

  /** Writes the file of a title. */
  async write(
    title: string,
    { digest, size }: Descriptor,
    stream: ReadableStream<Uint8Array<ArrayBuffer>>,
    options: SignalOptions & { readonly onBytes?: (bytes: number) => void },
  ): Promise<void> {
    let path: string;
    const place = this.#directory.locate(title);
    try {
      path = await this.#directory.prepare(place);
    } catch (error) {
      await stream.cancel(error).catch(() => {});
      throw error;
    }
    const { overwrite } = this.#options;
    await writeVerifiedFile(path, stream, { ...options, size, overwrite });
    // Not the path behind links, by which nobody asks.
    this.#keep(title, digest, place);
  }

  #keep(title: string, digest: string, path: string): void {
    const replaced = this.#contents.get(path);
    this.#contents.set(path, digest);
    if (replaced !== undefined && this.#paths.get(replaced) === path) {
      // It may still be in another file.
      const [other] = [...this.#contents].find(([, held]) =>
        held === replaced
      ) ?? [];
      if (other === undefined) this.forget(replaced);
      else this.#paths.set(replaced, other);
    }
    this.#titles.set(title, digest);
    this.#paths.set(digest, path);
  }
}
