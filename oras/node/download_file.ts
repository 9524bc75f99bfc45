import { basename, dirname, resolve } from "node:path";
import type { ProgressHook } from "../../distribution/progress.ts";
import type { Repository } from "../../distribution/repository.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import { OutputDirectory } from "./output_directory.ts";
import { writeVerifiedFile } from "./write_verified_file.ts";

/** How {@linkcode downloadFile} works. */
export interface DownloadFileOptions {
  /** The file to write. */
  readonly path: string;
  /** The name to report with progress; the path where not given. */
  readonly name?: string | undefined;
  /** Replace a file that exists. */
  readonly overwrite?: boolean | undefined;
  /** Takes the steps of the download. */
  readonly report?: ProgressHook | undefined;
  /** Ends the download. */
  readonly signal?: AbortSignal | undefined;
}

/** Downloads a blob to a file, whose directory is made where it is missing, and gives the absolute path. */
export async function downloadFile(
  repository: Repository,
  descriptor: Descriptor,
  options: DownloadFileOptions,
): Promise<string> {
  const path = resolve(options.path);
  // The caller chose this directory, and may have put a link where it likes.
  const output = new OutputDirectory(dirname(path));
  const prepare = () => output.prepare(output.locate(basename(path)));
  // What is wrong with the place is told before anything is asked for.
  await prepare();
  await fetchToFile(repository, descriptor, prepare, options);
  return path;
}

/**
 * Downloads a blob to a file. Its directory is looked up once the registry has
 * answered, which can take long: somebody could have put a link in its place.
 */
export async function fetchToFile(
  repository: Repository,
  descriptor: Descriptor,
  prepare: () => Promise<string>,
  options: Omit<DownloadFileOptions, "path">,
): Promise<void> {
  const { name, overwrite, signal } = options;
  const { size } = descriptor;
  const report = (phase: "downloading" | "downloaded", transferred: number) =>
    options.report?.({ descriptor, name, phase, transferred, total: size });
  report("downloading", 0);
  const stream = await repository.blobs.get(descriptor, { signal });
  let target: string;
  try {
    target = await prepare();
  } catch (error) {
    await stream.cancel(error).catch(() => {});
    throw error;
  }
  await writeVerifiedFile(target, stream, {
    size,
    overwrite,
    signal,
    onBytes: (bytes) => report("downloading", bytes),
  });
  report("downloaded", size);
}
