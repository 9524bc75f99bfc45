import {
  type PackedLayer,
  packFile,
  type PackingLayer,
  type PackOptions,
  packStream,
} from "./_pack.ts";
import {
  tarChanges,
  type TarChangesOptions,
  writeChanges,
} from "./tar_changes.ts";

/** Options of {@linkcode packLayer}. */
export interface PackLayerOptions extends TarChangesOptions, PackOptions {
  /** Stops the work; the stream then fails with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Packs a tree, or what makes it of its `base`, into an image's layer, as a stream;
 * both digests and the size are computed in the same pass. {@linkcode tarChanges}
 * says what goes in.
 *
 * @throws {LayerError} Through the stream: a file changed while it was read, or is of a kind that a layer cannot hold.
 * @throws {RangeError} Through the stream: `level` is no whole number from 1 to 9.
 *
 * @example
 * ```ts
 * import { applyLayer, packLayer } from "@gantry/oci/image/layer/node";
 * import { assertEquals } from "@std/assert";
 * import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
 *
 * const work = await mkdtemp("/tmp/pack-");
 * await mkdir(`${work}/tree`);
 * await writeFile(`${work}/tree/a.txt`, "hello");
 *
 * const { stream, result } = packLayer(`${work}/tree`, { mtime: new Date(0) });
 * await applyLayer({ open: () => stream }, `${work}/rootfs`);
 * assertEquals((await result).mediaType, "application/vnd.oci.image.layer.v1.tar+gzip");
 * assertEquals(await readFile(`${work}/rootfs/a.txt`, "utf8"), "hello");
 * await rm(work, { recursive: true });
 * ```
 */
export function packLayer(
  directory: string,
  options: PackLayerOptions = {},
): PackingLayer {
  return packStream(tarChanges(directory, options), options);
}

/**
 * Packs a tree, or what makes it of its `base`, into an image's layer in a file, and
 * says what the file holds. A file that is there is replaced when all of the new one
 * is written, and stays on failure. In the directory itself it is no part of the
 * layer.
 *
 * @throws {LayerError} A file changed while it was read, or is of a kind that a layer cannot hold.
 * @throws {RangeError} `level` is no whole number from 1 to 9.
 *
 * @example
 * ```ts
 * import { packLayerToFile } from "@gantry/oci/image/layer/node";
 * import { assertEquals } from "@std/assert";
 * import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
 *
 * const work = await mkdtemp("/tmp/pack-");
 * await mkdir(`${work}/tree`);
 * const layer = await packLayerToFile(`${work}/tree`, `${work}/layer.tar.gz`);
 * assertEquals((await stat(`${work}/layer.tar.gz`)).size, layer.size);
 * await rm(work, { recursive: true });
 * ```
 */
export async function packLayerToFile(
  directory: string,
  file: string,
  options: PackLayerOptions = {},
): Promise<PackedLayer> {
  return await packFile(
    (blocks, without) => writeChanges(blocks, directory, options, without),
    directory,
    file,
    options,
  );
}

/**
 * Packs what makes one tree of another into a layer, whiteouts included: applied to
 * the first tree it gives the second one. The same as {@linkcode packLayer} with a
 * `base`.
 *
 * @throws {LayerError} Through the stream: a file changed while it was read, or is of a kind that a layer cannot hold.
 * @throws {RangeError} Through the stream: `level` is no whole number from 1 to 9.
 *
 * @example
 * ```ts
 * import { readTar } from "@gantry/oci/image/layer";
 * import { diffDirectories } from "@gantry/oci/image/layer/node";
 * import { assertEquals } from "@std/assert";
 * import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
 *
 * const work = await mkdtemp("/tmp/diff-");
 * await mkdir(`${work}/old`);
 * await mkdir(`${work}/new`);
 * await writeFile(`${work}/old/gone.txt`, "x");
 *
 * const { stream } = diffDirectories(`${work}/old`, `${work}/new`, { compression: "none" });
 * const names = await Array.fromAsync(readTar(stream), ({ header }) => header.name);
 * assertEquals(names, [".wh.gone.txt"]);
 * await rm(work, { recursive: true });
 * ```
 */
export function diffDirectories(
  from: string,
  to: string,
  options: Omit<PackLayerOptions, "base"> = {},
): PackingLayer {
  return packLayer(to, { ...options, base: from });
}
