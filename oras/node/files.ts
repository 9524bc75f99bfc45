import { lstat, stat } from "node:fs/promises";
import { resolve, sep } from "node:path";
import type { Source } from "../../distribution/source.ts";
import { MAX_MANIFEST_SIZE } from "../../image/parse_json.ts";
import { PathError } from "../errors.ts";
import type { LayerKind } from "../layer.ts";
import { pathFailure } from "./_path_failure.ts";
import { fileSource } from "./file_source.ts";

/** A file as it is given on a command line. */
export interface FileRef {
  /** The path. */
  readonly path: string;
  /** The media type, where one is given. */
  readonly mediaType?: string;
}

/**
 * Takes `path[:mediaType]` apart: at the last colon, unless something of the whole
 * name exists, or the colon belongs to a drive.
 */
export async function splitFileRef(
  root: string,
  text: string,
): Promise<FileRef> {
  const colon = text.lastIndexOf(":");
  if (colon < 0 || isDrive(text, colon) || await exists(resolve(root, text))) {
    return { path: text };
  }
  const mediaType = text.slice(colon + 1);
  const path = text.slice(0, colon);
  return mediaType === "" ? { path } : { path, mediaType };
}

function isDrive(text: string, colon: number): boolean {
  return sep === "\\" && colon === 1 && /^[A-Za-z]:[/\\]/.test(text);
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
  if (found.isFile() || found.isCharacterDevice()) return "file";
  throw new PathError(
    "PATH_INVALID",
    `Cannot push ${path}: it is neither a file nor a directory`,
    path,
  );
}

/** The path with `/` as separator, whatever the system's is. */
export function toSlash(path: string): string {
  return sep === "\\" ? path.replaceAll("\\", "/") : path;
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
