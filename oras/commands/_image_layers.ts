import { describeLayer, type ImageLayer } from "../image_layer.ts";
import { pathFailure } from "../node/_path_failure.ts";
import { streamLocal } from "./_local_file.ts";

/** How what is given becomes a layer. */
export interface OpenImageLayerOptions {
  /** Where in the image the content of a directory goes. */
  readonly prefix: string;
  /** The latest time of files in a directory, in seconds since 1970. */
  readonly epoch: number | undefined;
  /** Ends the work. */
  readonly signal: AbortSignal;
}

/**
 * Makes a layer of a file, of a directory, or of stdin. What has to be kept meanwhile
 * is gone when the layer is disposed of.
 */
export async function openImageLayer(
  path: string,
  { epoch, prefix, signal }: OpenImageLayerOptions,
): Promise<ImageLayer & AsyncDisposable> {
  const { fileSource } = await import("../node/file_source.ts");
  const createdBy = `gantry image append ${path === "-" ? "stdin" : path}`;
  if (path !== "-" && !await isDirectory(path)) {
    const layer = await describeLayer(await fileSource(path), { signal });
    return {
      ...layer,
      createdBy,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  const folder = await Deno.makeTempDir({ prefix: "gantry-" });
  const drop = () => Deno.remove(folder, { recursive: true });
  try {
    const file = `${folder}/layer`;
    if (path === "-") {
      await Deno.writeFile(file, await streamLocal("-", signal), {
        signal,
      });
      const layer = await describeLayer(await fileSource(file), { signal });
      return { ...layer, createdBy, [Symbol.asyncDispose]: drop };
    }
    const { packDirectoryToFile } = await import(
      "../../image/layer/node/pack_directory.ts"
    );
    const { diffId, digest, mediaType, size } = await packDirectoryToFile(
      await Deno.realPath(path),
      file,
      {
        prefix,
        signal,
        ...(epoch !== undefined && {
          mtime: { clampTo: new Date(epoch * 1000) },
        }),
      },
    );
    return {
      descriptor: { mediaType, digest, size },
      diffId,
      source: await fileSource(file),
      createdBy,
      [Symbol.asyncDispose]: drop,
    };
  } catch (error) {
    await drop();
    throw error;
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (cause) {
    throw pathFailure("read", path, cause);
  }
}
