import { AnnotationKeys } from "../../image/annotations.ts";
import { pull } from "../pull.ts";
import type { StorePullResult } from "../pull_options.ts";
import type { Invocation } from "./_command.ts";
import { readConcurrency } from "./_concurrency.ts";
import { readFormat } from "./_format.ts";
import { describeLocation, type Location, readLocation } from "./_location.ts";
import { openStore } from "./_open_store.ts";
import { readPlatform } from "./_platform.ts";
import { descriptorBlock } from "./render/descriptor.ts";
import { watchTransfers } from "./render/transfers.ts";

/** Pulls files and directories. */
export async function run(invocation: Invocation): Promise<void> {
  const { args: [argument = ""], console, flags, signal } = invocation;
  const format = await readFormat(flags);
  const location = readLocation(invocation, argument, {
    needs: "tag-or-digest",
  });
  const platform = readPlatform(flags.text("platform"));
  const config = flags.text("config");
  const store = await openStore(invocation, location);
  const result = await (async () => {
    using view = watchTransfers(invocation, {
      lines: format.isText ? 11 : undefined,
    });
    return await pull(store, location.target!, {
      outdir: flags.text("output"),
      overwrite: !flags.bool("keep-old-files"),
      allowPathTraversal: flags.bool("allow-path-traversal"),
      includeSubject: flags.bool("include-subject"),
      resume: true,
      concurrency: readConcurrency(flags),
      ...(platform && { platform }),
      ...(config !== "" && { config }),
      onProgress: view.onProgress,
      signal,
    });
  })();
  format.print(console, pulledValue(location, result));
  if (!format.isText) return;
  if (result.skipped.length > 0) {
    console.out(
      `Skipped pulling layers without file name in "${AnnotationKeys.title}"`,
    );
    console.out(
      `Use 'gantry blob fetch -o <file> ${location.name}@<digest>' to save one of them.`,
    );
  } else {
    console.out(`Pulled ${describeLocation(location)}`);
    console.out(`Digest: ${result.descriptor.digest}`);
  }
}

function pulledValue(
  { name }: Location,
  { descriptor, files }: StorePullResult,
): unknown {
  return {
    reference: `${name}@${descriptor.digest}`,
    files: files.length === 0 ? null : files.map((file) => ({
      path: file.unpacked ? `${file.path}${SEPARATOR}` : file.path,
      ...descriptorBlock(name, file.descriptor),
    })),
  };
}

const SEPARATOR = Deno.build.os === "windows" ? "\\" : "/";
