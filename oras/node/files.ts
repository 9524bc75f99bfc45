import { lstat, stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Source } from "../../distribution/source.ts";
import { HOST_RULES } from "../../image/layer/node/_host_rules.ts";
import { MAX_MANIFEST_SIZE } from "../../image/parse_json.ts";
import { type FileRef, parseFileRef } from "../_file_ref.ts";
import { PathError } from "../errors.ts";
import type { LayerKind } from "../layer.ts";
import { isNullDevice } from "../../distribution/node/_null_device.ts";
import { pathFailure } from "./_path_failure.ts";
import { fileSource } from "./file_source.ts";

/**
 * Takes `path[:mediaType]` apart: at the last colon, unless something of the whole
 * name exists, or the colon belongs to a drive.
 */
export async function splitFileRef(
  root: string,
  text: string,
): Promise<FileRef> {
  const split = parseFileRef(text, HOST_RULES);
  return split.path === text || !await exists(resolve(root, text))
    ? split
    : { path: text };
}

async function exists(path: string): Promise<boolean> {
  return await lstat(path).then(() => true, () => false);
}

/**
 * Finds out what a path is.
 *
 * @throws {PathError} There is nothing, or something that cannot be pushed.
 */
export async function kindOf(root: string, path: string): Promise<LayerKind> {
  if (path === "") {
    throw new PathError(
      "PATH_INVALID",
      "Cannot push file: its path is empty",
      path,
    );
  }
  let found;
  try {
    found = await stat(resolve(root, path));
  } catch (error) {
    throw pathFailure("push", path, error);
  }
  if (found.isDirectory()) return "directory";
  if (found.isFile() || isNullDevice(found)) return "file";
  throw new PathError(
    "PATH_INVALID",
    `Cannot push ${path}: it is neither a file nor a directory`,
    path,
  );
}

/** The source of a file that is pushed. */
export async function openInput(root: string, path: string): Promise<Source> {
  return await fileSource(resolve(root, path));
}

/**
 * Reads a small file whole.
 *
 * @throws {PathError} There is no such file, or it is larger than 4 MiB.
 */
export async function readBounded(
  root: string,
  path: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const source = await openInput(root, path);
  if (source.size > MAX_MANIFEST_SIZE) {
    throw new PathError(
      "PATH_INVALID",
      `Cannot read ${path}: ${source.size} bytes are more than ${MAX_MANIFEST_SIZE}`,
      path,
    );
  }
  return await new Response(await source.open()).bytes();
}
