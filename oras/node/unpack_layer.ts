import { tapStream } from "../../digest/_tap_stream.ts";
import { AnnotationKeys } from "../../image/annotations.ts";
import { extractDirectory } from "../../image/layer/node/extract_directory.ts";
import { cleanPath } from "../_clean_path.ts";
import type { NamedLayer } from "../_pull.ts";
import type { PullContext, PullSteps } from "../pull_steps.ts";
import type { Fetcher } from "../store.ts";
import { pathFailure } from "./_path_failure.ts";
import type { OutputDirectory } from "./output_directory.ts";

/**
 * Unpacks a layer below the output directory while it is downloaded. Nothing is
 * seen under its final name before the layer's digest, and that of the archive in it,
 * have been checked.
 *
 * @throws {PathError} A symbolic link on the way to the directory leads out, or the disk takes no more.
 * @throws {LayerError} The archive is damaged, or an entry is not below the layer's title.
 */
export async function unpackLayer(
  store: Fetcher,
  output: OutputDirectory,
  layer: NamedLayer & { readonly path: string; readonly replace: boolean },
  context: PullContext,
  steps: PullSteps,
): Promise<void> {
  const { descriptor, path, title } = layer;
  const { options, signal } = context;
  const { size: total } = descriptor;
  const report = (phase: "downloading" | "downloaded", transferred: number) =>
    steps.report({ descriptor, name: title, phase, transferred, total });
  const root = await output.make();
  if (path !== output.path) await output.prepare(path);
  report("downloading", 0);
  let transferred = 0;
  const stream = await store.fetch(descriptor, { signal });
  try {
    await extractDirectory(
      tapStream(stream, {
        chunk({ byteLength }) {
          transferred += byteLength;
          report("downloading", transferred);
        },
      }),
      root,
      {
        prefix: cleanPath(title),
        nameRules: output.nameRules,
        diffId: descriptor.annotations?.[AnnotationKeys.unpackedDigest],
        keepExisting: options.overwrite === false && !layer.replace,
        signal,
      },
    );
  } catch (error) {
    throw pathFailure("write", path, error);
  }
  report("downloaded", total);
}
