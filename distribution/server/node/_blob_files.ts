import { link, mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import type { ByteRange } from "../storage.ts";
import { BoundedCache } from "../../_bounded_cache.ts";
import { damaged } from "./_damaged.ts";
import { fileStream } from "./_file_stream.ts";
import {
  type FileState,
  fileState,
  linkOrCopy,
  moveInto,
  remove,
} from "./_files.ts";
import { openInputFile } from "./_input_file.ts";
import type { Paths } from "./_paths.ts";

/** So many blobs are remembered for being linked. */
const MAX_KNOWN = 10_000;

interface KnownBlob {
  readonly path: string;
  readonly identity: string;
}

/** Where blobs are, and where they can be made. */
export type BlobPaths = Pick<Paths, "blob" | "temporary">;

/** The blobs of all layouts below a root. */
export class BlobFiles {
  readonly #paths: BlobPaths;
  /** Files whose content this process has verified, by digest. */
  readonly #known = new BoundedCache<KnownBlob>(MAX_KNOWN);

  constructor(paths: BlobPaths) {
    this.#paths = paths;
  }

  /** The state of a blob's file. A link or a folder in its place is refused, and not followed. */
  async state(
    repository: string,
    digest: string,
  ): Promise<FileState | undefined> {
    const state = await fileState(this.#paths.blob(repository, digest));
    if (state !== undefined && !state.isFile) {
      throw damaged(`blob ${digest} is not a regular file`);
    }
    return state;
  }

  /** Reads a blob or a part of it. */
  async read(
    repository: string,
    digest: string,
    range?: ByteRange,
  ): Promise<ReadableStream<Uint8Array<ArrayBuffer>> | undefined> {
    const state = await this.state(repository, digest);
    if (state === undefined) return undefined;
    const { start, end } = range ?? { start: 0, end: state.size };
    const path = this.#paths.blob(repository, digest);
    const file = await openInputFile(path, state, start);
    return file && fileStream(file, end - start);
  }

  /**
   * Makes a finished file a blob. Where another repository has the same content,
   * and this process has verified it, that file gets a second name instead.
   */
  async adopt(
    file: string,
    repository: string,
    digest: string,
  ): Promise<void> {
    const target = this.#paths.blob(repository, digest);
    await mkdir(dirname(target), { recursive: true });
    const twin = await this.#twin(digest, target);
    if (twin !== undefined) {
      await moveInto(twin, target);
      // Renaming does nothing where both names are of one file already.
      await remove(twin);
      await remove(file);
      return;
    }
    await moveInto(file, target);
    await this.#remember(digest, target);
  }

  /** Makes a blob of one repository one of another's too. */
  async mount(
    repository: string,
    digest: string,
    from: string,
  ): Promise<boolean> {
    const state = await this.state(from, digest);
    if (state === undefined) return false;
    if (repository === from) return true;
    const target = this.#paths.blob(repository, digest);
    await mkdir(dirname(target), { recursive: true });
    await linkOrCopy(
      this.#paths.blob(from, digest),
      target,
      this.#paths.temporary(),
    );
    return true;
  }

  /** Deletes a blob. */
  async delete(repository: string, digest: string): Promise<boolean> {
    if (await this.state(repository, digest) === undefined) return false;
    return await remove(this.#paths.blob(repository, digest));
  }

  /** A second name for a file that is known to have this content, if there is one. */
  async #twin(digest: string, target: string): Promise<string | undefined> {
    const known = this.#known.get(digest);
    if (known === undefined || known.path === target) return undefined;
    if ((await fileState(known.path))?.identity !== known.identity) {
      return undefined;
    }
    const name = this.#paths.temporary();
    try {
      await link(known.path, name);
      return name;
    } catch {
      // No links here, or the file has just gone: then the new file is as good.
      return undefined;
    }
  }

  async #remember(digest: string, path: string): Promise<void> {
    const state = await fileState(path);
    if (state === undefined) return;
    this.#known.set(digest, { path, identity: state.identity });
  }
}
