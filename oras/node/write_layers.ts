import { dirname } from "node:path";
import { duplicatePath } from "../_duplicate_path.ts";
import type { NamedLayer } from "../_pull.ts";
import { forEachConcurrent } from "../_pool.ts";
import { PathError } from "../errors.ts";
import type { PulledFile } from "../pull_options.ts";
import type { PullContext, PullSteps } from "../pull_steps.ts";
import type { Fetcher } from "../store.ts";
import { fetchToFile } from "./download_file.ts";
import { fileSource } from "./file_source.ts";
import { OutputDirectory } from "./output_directory.ts";
import { writeVerifiedFile } from "./write_verified_file.ts";

/** A layer and the absolute path that it goes to. */
interface PlacedLayer extends NamedLayer {
  readonly path: string;
  /** Whether something stands there that was decided to be replaced. */
  readonly replace: boolean;
}

/**
 * Writes layers to the disk: all places are found and checked first, then each
 * content is fetched once, and copied to where else it is wanted.
 */
export async function writeLayers(
  store: Fetcher,
  layers: readonly NamedLayer[],
  context: PullContext,
  steps: PullSteps,
): Promise<PulledFile[]> {
  const output = new OutputDirectory(context.outdir, context.options);
  const placed = await placeLayers(output, layers, context, steps);
  await forEachConcurrent(
    context.options.dryRun ? [] : groupByContent(placed),
    { limit: context.options.concurrency!, signal: context.signal },
    (group, signal) =>
      writeGroup(store, output, group, { ...context, signal }, steps),
  );
  return placed.map(({ path, descriptor, unpack: unpacked }) => ({
    path,
    descriptor,
    unpacked,
  }));
}

async function placeLayers(
  output: OutputDirectory,
  layers: readonly NamedLayer[],
  context: PullContext,
  steps: PullSteps,
): Promise<PlacedLayer[]> {
  const byKey = new Map<string, { path: string; digest: string }>();
  const placed: PlacedLayer[] = [];
  for (const layer of layers) {
    const path = output.locate(layer.name);
    const { descriptor, title } = layer;
    const key = output.keyOf(path);
    const other = byKey.get(key);
    if (other !== undefined) {
      if (other.digest === descriptor.digest) continue;
      throw duplicatePath(path, title, other.path);
    }
    byKey.set(key, { path, digest: descriptor.digest });
    // What is packed as "." is merged into the output directory itself.
    const existing = layer.unpack && path === output.path
      ? undefined
      : await output.inspect(path);
    if (existing?.isDirectory() && !layer.unpack) {
      throw new PathError(
        "PATH_INVALID",
        `Cannot write ${path}: a directory is in its place`,
        path,
      );
    }
    if (existing !== undefined) {
      const choice = await steps.onExisting(path, descriptor, context);
      if (choice === "keep") {
        reportWhole(steps, "exists", layer);
        continue;
      }
    }
    placed.push({ ...layer, path, replace: existing !== undefined });
  }
  refuseNested(output, placed);
  return placed;
}

/** Refuses names of which one is to be a file, and the directory of another. */
function refuseNested(
  output: OutputDirectory,
  layers: readonly PlacedLayer[],
): void {
  const files = new Map<string, string>();
  for (const { path, title, unpack } of layers) {
    if (!unpack) files.set(output.keyOf(path), title);
  }
  for (const { path, title } of layers) {
    let above = dirname(output.keyOf(path));
    while (above !== dirname(above) && !files.has(above)) {
      above = dirname(above);
    }
    if (!files.has(above)) continue;
    throw new PathError(
      "PATH_DUPLICATE",
      `Cannot write ${path}: ${title} is below ${
        files.get(above)
      }, which is a file`,
      path,
    );
  }
}

/** Layers of the same content. */
type Group = [first: PlacedLayer, ...others: PlacedLayer[]];

/** Files of equal content stand together; each packed directory stands alone. */
function groupByContent(layers: readonly PlacedLayer[]): Group[] {
  const groups: Group[] = [];
  const byDigest = new Map<string, Group>();
  for (const layer of layers) {
    const { digest } = layer.descriptor;
    const group = layer.unpack ? undefined : byDigest.get(digest);
    if (group !== undefined) {
      group.push(layer);
      continue;
    }
    const fresh: Group = [layer];
    groups.push(fresh);
    if (!layer.unpack) byDigest.set(digest, fresh);
  }
  return groups;
}

async function writeGroup(
  store: Fetcher,
  output: OutputDirectory,
  [first, ...others]: Readonly<Group>,
  context: PullContext,
  steps: PullSteps,
): Promise<void> {
  const { options, signal } = context;
  const { descriptor, title } = first;
  const report = steps.report;
  if (first.unpack) {
    // Reading archives is loaded where there is one.
    const { unpackLayer } = await import("./unpack_layer.ts");
    await unpackLayer(store, output, first, context, steps);
    return;
  }
  const prepare = () => output.prepare(first.path);
  const target = await prepare();
  // What has come into being since it was looked at is not replaced unasked.
  const overwrite = (layer: PlacedLayer) => layer.replace || options.overwrite;
  await fetchToFile(store, descriptor, prepare, {
    name: title,
    overwrite: overwrite(first),
    resume: options.resume,
    report,
    signal,
  });
  for (const other of others) {
    const source = await fileSource(target);
    await writeVerifiedFile(
      await output.prepare(other.path),
      await source.open(),
      { size: source.size, overwrite: overwrite(other), signal },
    );
    reportWhole(steps, "restored", other);
  }
}

function reportWhole(
  steps: PullSteps,
  phase: "exists" | "restored",
  { descriptor, title: name }: NamedLayer,
): void {
  const { size: total } = descriptor;
  steps.report({ descriptor, name, phase, transferred: total, total });
}
