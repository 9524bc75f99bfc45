import { basename, dirname, resolve } from "node:path";
import { byteReader } from "../../digest/_tap_stream.ts";
import { ContentError } from "../../digest/errors.ts";
import { ConnectionError, RegistryError } from "../../distribution/errors.ts";
import type { ProgressHook } from "../../distribution/progress.ts";
import type { Fetcher } from "../store.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import { PathError } from "../errors.ts";
import { writeSmallFile } from "./_temporary_file.ts";
import { PartialDownload } from "./_partial_download.ts";
import { pathFailure } from "./_path_failure.ts";
import { OutputDirectory } from "./output_directory.ts";
import { writeVerifiedFile } from "./write_verified_file.ts";

/** Blobs up to this size are read whole, and written at once. */
const SMALL_FILE = 256 * 1024;

/** Smaller blobs are fetched anew: that costs less than to look for a part of them. */
const WORTH_RESUMING = 1024 * 1024;

/** How often others may remove a file before its download is given up. */
const MAX_REMOVALS = 8;

/** How {@linkcode downloadFile} works. */
export interface DownloadFileOptions {
  /** The file to write. */
  readonly path: string;
  /** The name to report with progress; the path where not given. */
  readonly name?: string | undefined;
  /** Replace a file that exists. */
  readonly overwrite?: boolean | undefined;
  /** Keep what has arrived of a large blob when the download is interrupted, and go on from there. */
  readonly resume?: boolean | undefined;
  /** Takes the steps of the download. */
  readonly report?: ProgressHook | undefined;
  /** Ends the download. */
  readonly signal?: AbortSignal | undefined;
}

/** Downloads a blob to a file, whose directory is made where it is missing, and gives the absolute path. */
export async function downloadFile(
  store: Fetcher,
  descriptor: Descriptor,
  options: DownloadFileOptions,
): Promise<string> {
  const path = resolve(options.path);
  // The caller chose this directory, and may have put a link where it likes.
  const output = new OutputDirectory(dirname(path));
  const prepare = () => output.prepare(output.locate(basename(path)));
  // What is wrong with the place is told before anything is asked for.
  await prepare();
  await fetchToFile(store, descriptor, prepare, options);
  return path;
}

/**
 * Downloads a blob to a file. Its directory is looked up once the registry has
 * answered, which can take long: somebody could have put a link in its place.
 */
export async function fetchToFile(
  store: Fetcher,
  descriptor: Descriptor,
  prepare: () => Promise<string>,
  options: Omit<DownloadFileOptions, "path">,
): Promise<void> {
  const { name, overwrite, signal } = options;
  const { size } = descriptor;
  const report = (phase: "downloading" | "downloaded", transferred: number) =>
    options.report?.({ descriptor, name, phase, transferred, total: size });
  if (options.resume === true && size >= WORTH_RESUMING) {
    const onBytes = (bytes: number) => report("downloading", bytes);
    await fetchResumably(store, descriptor, prepare, {
      ...options,
      onBytes,
    });
    return report("downloaded", size);
  }
  report("downloading", 0);
  const stream = await store.fetch(descriptor, { signal });
  if (size <= SMALL_FILE) {
    const bytes = await readWhole(stream, size, signal);
    report("downloading", size);
    await writeSmallFile(await prepare(), bytes, { overwrite });
    return report("downloaded", size);
  }
  const target = await prepareFor(stream, prepare);
  await writeVerifiedFile(target, stream, {
    size,
    overwrite,
    signal,
    onBytes: (bytes) => report("downloading", bytes),
  });
  report("downloaded", size);
}

/** Reads a stream that fails where it is longer. */
async function readWhole(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  size: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const reader = byteReader(stream);
  const abort = () => void reader.cancel(signal?.reason).catch(() => {});
  signal?.addEventListener("abort", abort, { once: true });
  try {
    // One more than there is, so that the end is seen, and with it the verdict.
    const { value } = await reader.read(new Uint8Array(size + 1), {
      min: size + 1,
    });
    signal?.throwIfAborted();
    return value ?? new Uint8Array();
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

/** Looks the place up, and lets the stream go where there is none. */
async function prepareFor(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  prepare: () => Promise<string>,
): Promise<string> {
  try {
    return await prepare();
  } catch (error) {
    await stream.cancel(error).catch(() => {});
    throw error;
  }
}

/**
 * Downloads a blob to a file, from where an earlier download was interrupted.
 *
 * What is interrupted is kept. Content that is not what it should be is not; where
 * an earlier part may be to blame, all is fetched anew.
 */
async function fetchResumably(
  store: Fetcher,
  descriptor: Descriptor,
  prepare: () => Promise<string>,
  options: Omit<DownloadFileOptions, "path"> & {
    readonly onBytes: (bytes: number) => void;
  },
): Promise<void> {
  const { onBytes, overwrite, signal } = options;
  let removals = 0;
  for (let fresh = false;; fresh = true) {
    const target = await prepare();
    let part: PartialDownload | undefined;
    try {
      part = await PartialDownload.begin(target, descriptor, { fresh, signal });
      const { offset } = part;
      onBytes(offset);
      const stream = await store.fetch(descriptor, { offset, signal });
      if (await prepareFor(stream, prepare) !== target) {
        await stream.cancel();
        throw new PathError(
          "PATH_CHANGED",
          `Cannot write ${target}: its directory became another one`,
          target,
        );
      }
      await part.write(stream, { signal, onBytes });
      signal?.throwIfAborted();
      await part.publish(target, { overwrite });
      return;
    } catch (error) {
      if (isInterruption(error, signal)) await part?.keep();
      else await part?.discard();
      const mayBeStale = error instanceof ContentError && !fresh &&
        part !== undefined && part.offset > 0;
      const canBegin = mayBeStale ||
        await part?.wasRemoved(error) && ++removals < MAX_REMOVALS;
      if (!canBegin) throw pathFailure("write", target, error);
    }
  }
}

/** Whether what has arrived can be taken for right, until it is whole. */
function isInterruption(
  error: unknown,
  signal: AbortSignal | undefined,
): boolean {
  return signal?.aborted === true || error instanceof ConnectionError ||
    error instanceof RegistryError;
}
