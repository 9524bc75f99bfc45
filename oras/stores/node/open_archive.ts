import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SignalOptions } from "../../../distribution/signal_options.ts";
import type { Source } from "../../../distribution/source.ts";
import { decompress, toStream } from "../../../image/layer/compression.ts";
import { fileSource } from "../../node/file_source.ts";
import { writeVerifiedFile } from "../../node/write_verified_file.ts";
import { sourceCompression } from "../_source_compression.ts";
import { TarIndex } from "../_tar_index.ts";
import type { Spool } from "../_spool.ts";
import { DockerArchive } from "../docker_archive.ts";
import { LayoutArchive } from "../layout_archive.ts";
import { removeLeftovers } from "../../node/_temporary_file.ts";

/** How an archive is opened. */
export interface OpenArchiveOptions extends SignalOptions {
  /**
   * How the uncompressed layers of an archive of docker's are given, see
   * `DockerArchiveOptions`.
   *
   * @default {"gzip"}
   */
  readonly compression?: "gzip" | "none" | undefined;
}

/** An archive that is open, with the temporary files that it needs. */
export interface OpenArchive extends AsyncDisposable {
  /** What it holds. */
  readonly store: LayoutArchive | DockerArchive;
}

/**
 * Opens an archive with an OCI layout, or one that docker saved, by its file: as it
 * is, or compressed by gzip or zstd. What has to be decompressed or compressed goes to
 * temporary files, which are removed when the archive is disposed of.
 *
 * @throws {PathError} There is no such file.
 * @throws {StoreError} `STORE_INVALID`: it is neither kind of archive.
 * @throws {LayerError} The compressed archive is damaged.
 *
 * @example
 * ```ts
 * import { openArchive, writeArchive } from "@gantry/oci/oras/node";
 * import { MemoryStore, packLayout } from "@gantry/oci/oras";
 * import { EMPTY_CONTENT, EMPTY_DESCRIPTOR } from "@gantry/oci/image";
 * import { toSource } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * const store = new MemoryStore();
 * await store.push(EMPTY_DESCRIPTOR, toSource(EMPTY_CONTENT));
 * const folder = await Deno.makeTempDir();
 * const entries = [{ descriptor: EMPTY_DESCRIPTOR, tag: "v1" }];
 * await writeArchive(`${folder}/layout.tar`, packLayout(store, entries));
 * {
 *   await using archive = await openArchive(`${folder}/layout.tar`);
 *   assertEquals(await Array.fromAsync(archive.store.listTags()), ["v1"]);
 * }
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function openArchive(
  path: string,
  options: OpenArchiveOptions = {},
): Promise<OpenArchive> {
  const { compression, signal } = options;
  const folder = new SpoolFolder();
  try {
    let source = await fileSource(path);
    if (await sourceCompression(source) !== "none") {
      const tar = decompress(await source.open(), "auto", { signal });
      source = await folder.spool(toStream(tar), { signal });
    }
    const index = await TarIndex.read(source, { signal });
    const isLayout = index.find("oci-layout") !== undefined &&
      index.find("index.json") !== undefined;
    const store = isLayout || index.find("manifest.json") === undefined
      ? await LayoutArchive.open(source, { signal })
      : await DockerArchive.open(source, {
        compression,
        signal,
        spool: (content) => folder.spool(content, {}),
      });
    return { store, [Symbol.asyncDispose]: () => folder.remove() };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

/**
 * Writes an archive to a file, which appears under its name when it is whole. What a
 * writer of the same file left that was killed an hour ago or earlier is removed.
 *
 * @throws {PathError} The file cannot be written.
 */
export async function writeArchive(
  path: string,
  archive: ReadableStream<Uint8Array<ArrayBuffer>>,
  options: SignalOptions = {},
): Promise<void> {
  await removeLeftovers(path);
  await writeVerifiedFile(path, archive, options);
}

/**
 * Runs work with a place for content that took work to make, in a temporary folder.
 *
 * @example
 * ```ts
 * import { withSpool } from "@gantry/oci/oras/node";
 * import { assertEquals } from "@std/assert";
 *
 * const text = await withSpool(async (spool) => {
 *   const source = await spool(new Blob(["hello"]).stream());
 *   return await new Response(await source.open()).text();
 * });
 * assertEquals(text, "hello");
 * ```
 */
export async function withSpool<Result>(
  work: (spool: Spool) => Promise<Result>,
): Promise<Result> {
  const folder = new SpoolFolder();
  try {
    return await work((content) => folder.spool(content, {}));
  } finally {
    await folder.remove();
  }
}

/** A temporary folder that is made when it is needed. */
class SpoolFolder {
  #path: Promise<string> | undefined;
  #count = 0;

  async spool(
    content: ReadableStream<Uint8Array<ArrayBuffer>>,
    options: SignalOptions,
  ): Promise<Source> {
    this.#path ??= mkdtemp(join(tmpdir(), "gantry-"));
    const path = join(await this.#path, String(this.#count++));
    await writeVerifiedFile(path, content, options);
    return await fileSource(path);
  }

  async remove(): Promise<void> {
    const path = await this.#path?.catch(() => undefined);
    this.#path = undefined;
    if (path !== undefined) await rm(path, { recursive: true, force: true });
  }
}
