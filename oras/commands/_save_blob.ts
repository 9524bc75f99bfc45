import type { Descriptor } from "../../image/descriptor.ts";
import type { Fetcher } from "../store.ts";
import type { Invocation } from "./_command.ts";
import { openDevice, outputPath } from "./_output_path.ts";
import { writeTo } from "./_stdout.ts";
import { watchTransfers } from "./render/transfers.ts";

/** What is to be saved where. */
export interface SaveBlobOptions {
  /** The path to write to. */
  readonly path: string;
  /** The blob. */
  readonly descriptor: Descriptor;
  /** Whether to replace a file that exists; it is where not given. */
  readonly overwrite?: boolean;
}

/**
 * Saves a blob as a file, which goes on where an earlier attempt was cut off; what is
 * no file, such as a pipe, is written to as it is. Gives the absolute path.
 */
export async function saveBlob(
  invocation: Invocation,
  store: Fetcher,
  options: SaveBlobOptions,
): Promise<string> {
  const { descriptor, overwrite = true } = options;
  const { signal } = invocation;
  const { isDevice, path } = await outputPath(options.path);
  if (isDevice) {
    using device = await openDevice(path, signal);
    const stream = await store.fetch(descriptor, { signal });
    await writeTo(device, stream, signal);
    return path;
  }
  using view = watchTransfers(invocation);
  const { downloadFile } = await import("../node/download_file.ts");
  return await downloadFile(store, descriptor, {
    path,
    overwrite,
    report: view.onProgress,
    resume: true,
    signal,
  });
}
