import { untilAborted } from "./_stdin.ts";

/** Where a path that a command is to write leads. */
export interface OutputPath {
  /** The file behind symbolic links, or the path as it was given. */
  readonly path: string;
  /** Whether something stands there that is no file: it is written to, never replaced. */
  readonly isDevice: boolean;
}

/** Names of streams that are open already. */
const STREAMS: Readonly<Record<string, "stdout" | "stderr">> = {
  "/dev/stdout": "stdout",
  "/dev/fd/1": "stdout",
  "/proc/self/fd/1": "stdout",
  "/dev/stderr": "stderr",
  "/dev/fd/2": "stderr",
  "/proc/self/fd/2": "stderr",
};

/**
 * Looks where a path leads, before a file is put in its place by a new name: a link
 * keeps pointing to the file, and a device or a pipe stays what it is.
 */
export async function outputPath(path: string): Promise<OutputPath> {
  if (path in STREAMS) return { path, isDevice: true };
  try {
    const { isDirectory, isFile } = await Deno.stat(path);
    if (!isFile) return { path, isDevice: !isDirectory };
    const { isSymlink } = await Deno.lstat(path);
    return {
      path: isSymlink ? await Deno.realPath(path) : path,
      isDevice: false,
    };
  } catch {
    // Nothing is there, or nothing can be seen: the writing will tell.
    return { path, isDevice: false };
  }
}

/** Something that can be written to, and closed. */
export interface OpenDevice extends Disposable {
  /** Writes a piece, or a part of it; gives how much. */
  write(piece: Uint8Array): Promise<number>;
}

/** Opens a device or a pipe as it is: a pipe once somebody reads it, unless aborted before. */
export async function openDevice(
  path: string,
  signal: AbortSignal,
): Promise<OpenDevice> {
  const stream = STREAMS[path];
  if (stream === undefined) {
    return await untilAborted(
      () => Deno.open(path, { write: true }),
      signal,
      (device) => device.close(),
    );
  }
  return {
    write: (piece) => Deno[stream].write(piece),
    [Symbol.dispose]() {},
  };
}
