import { AnnotationKeys } from "../../image/annotations.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import { pull } from "../pull.ts";
import type { PulledFile } from "../pull_options.ts";
import type { Invocation } from "./_command.ts";
import { readConcurrency } from "./_concurrency.ts";
import { CommandError } from "./_errors.ts";
import { refuseTogether } from "./_exclusive.ts";
import type { FlagValues } from "./_flag.ts";
import { readFormat } from "./_format.ts";
import {
  describeLocation,
  type Location,
  readLocation,
  showLocation,
} from "./_location.ts";
import { openSource } from "./_open_store.ts";
import { readPlatform } from "./_platform.ts";
import { printable } from "./_printable.ts";
import { findSingleFile } from "./_single_file.ts";
import { saveBlob } from "./_save_blob.ts";
import { writeToStdout } from "./_stdout.ts";
import { descriptorBlock } from "./render/descriptor.ts";
import { watchTransfers } from "./render/transfers.ts";

/** Pulls files and directories. */
export async function run(invocation: Invocation): Promise<void> {
  const { args: [argument = ""], console, flags, signal } = invocation;
  const format = await readFormat(flags);
  checkFlags(flags);
  const location = readLocation(invocation, argument, {
    needs: "tag-or-digest",
  });
  const platform = readPlatform(flags.text("platform"));
  const config = flags.text("config");
  const include = flags.list("include");
  const mediaTypes = flags.list("media-type");
  const isDry = flags.bool("dry-run");
  const store = await openSource(invocation, location);
  const selection = {
    concurrency: readConcurrency(flags),
    includeSubject: flags.bool("include-subject"),
    ...(platform && { platform }),
    ...(config !== "" && { config }),
    ...(include.length > 0 && { include }),
    ...(mediaTypes.length > 0 && { mediaTypes }),
    signal,
  };
  const path = flags.text("to-file");
  const isPrinted = flags.bool("to-stdout") || path === "-";
  if (path !== "" || isPrinted) {
    const { root, descriptor } = await findSingleFile(
      store,
      location.target!,
      selection,
    );
    if (isPrinted) {
      const stream = await store.fetch(descriptor, { signal });
      return await writeToStdout(stream, signal);
    }
    if (isDry) console.err(`Would write ${printable(path)}`);
    const file = isDry ? { path, descriptor, unpacked: false } : {
      path: await saveBlob(invocation, store, {
        path,
        descriptor,
        overwrite: !flags.bool("keep-old-files"),
      }),
      descriptor,
      unpacked: false,
    };
    format.print(console, filesValue(location, root, [file]));
    if (!format.isText || isDry) return;
    console.out(`Pulled ${describeLocation(location)}`);
    console.out(`Digest: ${root.digest}`);
    return;
  }
  const result = await (async () => {
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
  })();
  if (include.length > 0 && result.files.length === 0) {
    throw new CommandError("no file has a name that matches --include", {
      hint: `List the files with "gantry inspect ${argument}"`,
    });
  }
  format.print(console, filesValue(location, result.descriptor, result.files));
  if (isDry) {
    for (const { path } of result.files) {
      console.err(`Would write ${printable(path)}`);
    }
  }
  if (!format.isText || isDry) return;
  if (result.skipped.length > 0) {
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
    console.out(`Digest: ${result.descriptor.digest}`);
  }
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
