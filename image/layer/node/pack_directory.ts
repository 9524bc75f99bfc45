import {
  type PackedLayer,
  packFile,
  type PackingLayer,
  type PackOptions,
  packStream,
} from "./_pack.ts";
import {
  tarDirectory,
  type TarDirectoryOptions,
  writeDirectory,
} from "./tar_directory.ts";

/** Options of {@linkcode packDirectory}. */
export interface PackDirectoryOptions extends TarDirectoryOptions, PackOptions {
  /** Stops the work; the stream then fails with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Packs a directory into a layer, as a stream; both digests and the size are
 * computed in the same pass. {@linkcode tarDirectory} says what goes in.
 *
 * @throws {LayerError} Through the stream: a file changed while it was read, or is of a kind that a layer cannot hold.
 * @throws {TypeError} Through the stream: the prefix is absolute or has `..` in it.
 * @throws {RangeError} Through the stream: `level` is no whole number from 1 to 9.
 *
 * @example
 * ```ts
 * import { Digest } from "@gantry/oci/digest";
 * import { packDirectory } from "@gantry/oci/image/layer/node";
 * import { assertEquals } from "@std/assert";
 * import { mkdtemp, mkdir, rm } from "node:fs/promises";
 *
 * const work = await mkdtemp("/tmp/pack-");
 * await mkdir(`${work}/dist`);
 * const { stream, result } = packDirectory(`${work}/dist`, { prefix: "dist" });
 * const bytes = await new Response(stream).bytes();
 * assertEquals((await result).digest, String(await Digest.fromBytes(bytes)));
 * await rm(work, { recursive: true });
 * ```
 */
export function packDirectory(
  directory: string,
  options: PackDirectoryOptions = {},
): PackingLayer {
  return packStream(tarDirectory(directory, options), options);
}

/**
 * Packs a directory into a layer in a file, and says what the file holds. A file that
 * is there is replaced when all of the new one is written, and stays on failure. In
 * the directory itself it is no part of the layer.
 *
 * @throws {LayerError} A file changed while it was read, or is of a kind that a layer cannot hold.
 * @throws {TypeError} The prefix is absolute or has `..` in it.
 * @throws {RangeError} `level` is no whole number from 1 to 9.
 *
 * @example
 * ```ts
 * import { packDirectoryToFile } from "@gantry/oci/image/layer/node";
 * import { assertEquals } from "@std/assert";
 * import { mkdtemp, mkdir, rm, stat } from "node:fs/promises";
 *
 * const work = await mkdtemp("/tmp/pack-");
 * await mkdir(`${work}/dist`);
 * const layer = await packDirectoryToFile(`${work}/dist`, `${work}/dist.tar.gz`, { prefix: "dist" });
 * assertEquals((await stat(`${work}/dist.tar.gz`)).size, layer.size);
 * await rm(work, { recursive: true });
 * ```
 */
export async function packDirectoryToFile(
  directory: string,
  file: string,
  options: PackDirectoryOptions = {},
): Promise<PackedLayer> {
  return await packFile(
    (blocks, without) => writeDirectory(blocks, directory, options, without),
    directory,
    file,
    options,
  );
}
