import { AnnotationKeys } from "../../image/annotations.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import { pull } from "../pull.ts";
import type {
  PulledFile,
  PullOptions,
  StorePullResult,
} from "../pull_options.ts";
import type { Invocation } from "./_command.ts";
import { readConcurrency } from "./_concurrency.ts";
import { CommandError } from "./_errors.ts";
import { refuseTogether } from "./_exclusive.ts";
import type { FlagValues } from "./_flag.ts";
import { type Format, readFormat } from "./_format.ts";
import {
  describeLocation,
  type Location,
  readLocation,
  showLocation,
} from "./_location.ts";
import { openSource, type SourceStore } from "./_open_store.ts";
import { readPlatform } from "./_platform.ts";
import { printable } from "./_printable.ts";
import { findSingleFile } from "./_single_file.ts";
import { saveBlob } from "./_save_blob.ts";
import { writeToStdout } from "./_stdout.ts";
import { descriptorBlock } from "./render/descriptor.ts";
import { watchTransfers } from "./render/transfers.ts";

/** Pulls files and directories. */
export async function run(invocation: Invocation): Promise<void> {
  const { args: [argument = ""], flags } = invocation;
  const format = await readFormat(flags);
  checkFlags(flags);
  const location = readLocation(invocation, argument, {
    needs: "tag-or-digest",
  });
  const selection = readSelection(invocation);
  const store = await openSource(invocation, location);
  const plan = { format, location, selection, store };
  await (flags.text("to-file") !== "" || flags.bool("to-stdout")
    ? pullOne(invocation, plan)
    : pullAll(invocation, plan));
}

/** Which files are pulled, and how many at once. */
type Selection = PullOptions & { readonly concurrency: number };

/** What is pulled, from where, and how the result is printed. */
interface Plan {
  readonly format: Format;
  readonly location: Location;
  readonly selection: Selection;
  readonly store: SourceStore;
}

function readSelection({ flags, signal }: Invocation): Selection {
  const platform = readPlatform(flags.text("platform"));
  const config = flags.text("config");
  const include = flags.list("include");
  const mediaTypes = flags.list("media-type");
  return {
    concurrency: readConcurrency(flags),
    includeSubject: flags.bool("include-subject"),
    ...(platform && { platform }),
    ...(config !== "" && { config }),
    ...(include.length > 0 && { include }),
    ...(mediaTypes.length > 0 && { mediaTypes }),
    signal,
  };
}

/** Pulls the only file that there is to where the user wants it. */
async function pullOne(
  invocation: Invocation,
  { format, location, selection, store }: Plan,
): Promise<void> {
  const { console, flags, signal } = invocation;
  const { root, descriptor } = await findSingleFile(
    store,
    location.target!,
    selection,
  );
  const wanted = flags.text("to-file");
  if (flags.bool("to-stdout") || wanted === "-") {
    const stream = await store.fetch(descriptor, { signal });
    return await writeToStdout(stream, signal);
  }
  const isDry = flags.bool("dry-run");
  if (isDry) console.err(`Would write ${printable(wanted)}`);
  const path = isDry ? wanted : await saveBlob(invocation, store, {
    path: wanted,
    descriptor,
    overwrite: !flags.bool("keep-old-files"),
  });
  const file = { path, descriptor, unpacked: false };
  format.print(console, filesValue(location, root, [file]));
  if (!format.isText || isDry) return;
  console.out(`Pulled ${describeLocation(location)}`);
  console.out(`Digest: ${root.digest}`);
}

/** Pulls all files, under their own names. */
async function pullAll(
  invocation: Invocation,
  plan: Plan,
): Promise<void> {
  const { args: [argument], console, flags } = invocation;
  const { format, location } = plan;
  const isDry = flags.bool("dry-run");
  const { descriptor, files, skipped } = await transfer(invocation, plan);
  if (flags.list("include").length > 0 && files.length === 0) {
    throw new CommandError("no file has a name that matches --include", {
      hint: `List the files with "gantry inspect ${argument}"`,
    });
  }
  format.print(console, filesValue(location, descriptor, files));
  if (isDry) {
    for (const { path } of files) {
      console.err(`Would write ${printable(path)}`);
    }
  }
  if (!format.isText || isDry) return;
  if (skipped.length > 0) {
    console.out(
      `Skipped pulling layers without file name in "${AnnotationKeys.title}"`,
    );
    console.out(
      `Use 'gantry copy ${
        showLocation(location)
      } --to-oci-layout <layout-dir>' to pull all layers.`,
    );
  } else {
    console.out(`Pulled ${describeLocation(location)}`);
    console.out(`Digest: ${descriptor.digest}`);
  }
}

/** What is drawn of a transfer is gone when anything else is printed. */
async function transfer(
  invocation: Invocation,
  { format, location, selection, store }: Plan,
): Promise<StorePullResult> {
  const { flags } = invocation;
  const isDry = flags.bool("dry-run");
  using view = watchTransfers(invocation, {
    lines: format.isText && !isDry ? 11 : undefined,
  });
  return await pull(store, location.target!, {
    ...selection,
    outdir: flags.text("output"),
    overwrite: !flags.bool("keep-old-files"),
    allowPathTraversal: flags.bool("allow-path-traversal"),
    resume: true,
    dryRun: isDry,
    onProgress: view.onProgress,
  });
}

/** Refuses what makes no sense together. */
function checkFlags(flags: FlagValues): void {
  refuseTogether(flags, "to-file", "to-stdout");
  refuseTogether(flags, "to-file", "output");
  refuseTogether(flags, "to-stdout", "output");
  const printing = flags.text("to-file") === "-" ? "to-file" : "to-stdout";
  refuseTogether(flags, printing, "format");
  refuseTogether(flags, printing, "dry-run");
}

/** What was pulled, for programs. */
function filesValue(
  { name }: Location,
  { digest }: Descriptor,
  files: readonly PulledFile[],
): unknown {
  return {
    reference: `${name}@${digest}`,
    files: files.length === 0 ? null : files.map((file) => ({
      path: file.unpacked ? `${file.path}${SEPARATOR}` : file.path,
      ...descriptorBlock(name, file.descriptor),
    })),
  };
}

const SEPARATOR = Deno.build.os === "windows" ? "\\" : "/";
