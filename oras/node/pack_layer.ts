import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { AnnotationKeys } from "../../image/annotations.ts";
import { packDirectoryToFile } from "../../image/layer/node/pack_directory.ts";
import { cleanPath, isAbsolutePath, leadsOut } from "../_clean_path.ts";
import { PathError } from "../errors.ts";
import type { PreparedContent } from "../layer.ts";
import type { LayerPlan, PushContext } from "../push_steps.ts";
import { pathFailure } from "./_path_failure.ts";
import { fileSource } from "./file_source.ts";

/**
 * Packs a directory into a temporary file, with the annotations by which the oras
 * tools know that it is to be unpacked.
 *
 * @throws {PathError} The title leads out, which the names in an archive must not.
 * @throws {LayerError} The directory holds what cannot be packed, or changes meanwhile.
 */
export async function packLayer(
  plan: LayerPlan,
  context: PushContext,
): Promise<PreparedContent> {
  const { input, mediaType, title } = plan;
  const path = input.path!;
  const prefix = archivePrefix(title, path);
  const folder = await mkdtemp(join(tmpdir(), "gantry-"));
  const release = () => rm(folder, { recursive: true, force: true });
  try {
    const file = join(folder, "layer");
    const { epoch, signal } = context;
    const packed = await packDirectoryToFile(
      await realpath(resolve(context.root, path)),
      file,
      {
        prefix,
        compression: mediaType.endsWith("+zstd") ? "zstd" : "gzip",
        signal,
        ...epoch !== undefined && {
          mtime: { clampTo: new Date(epoch * 1000) },
        },
      },
    );
    const { digest, size, diffId } = packed;
    const annotations = {
      [AnnotationKeys.unpackedDigest]: diffId,
      [AnnotationKeys.unpack]: "true",
      ...plan.annotations,
    };
    return {
      descriptor: { mediaType, digest, size, annotations },
      source: await fileSource(file),
      release,
    };
  } catch (error) {
    await release();
    const failure = pathFailure("push", path, error);
    throw failure instanceof PathError && failure.code === "PATH_NO_SPACE"
      ? pathFailure("pack", `${path} in ${dirname(folder)}`, error)
      : failure;
  }
}

/** A directory's archive holds names that begin with its title; a pull unpacks no others. */
function archivePrefix(title: string | undefined, path: string): string {
  if (title === undefined) return ".";
  const prefix = cleanPath(title);
  if (leadsOut(prefix) || isAbsolutePath(prefix)) {
    throw new PathError(
      leadsOut(prefix) ? "PATH_TRAVERSAL" : "PATH_ABSOLUTE",
      `Cannot push directory ${path}: its name ${title} cannot stand in an archive`,
      path,
      { hint: "Push it from the directory above it, or give it a title" },
    );
  }
  return prefix;
}
