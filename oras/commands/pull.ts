import { AnnotationKeys } from "../../image/annotations.ts";
import type { PullResult } from "../pull_options.ts";
import { Registry } from "../registry.ts";
import type { Invocation } from "./_command.ts";
import { readConcurrency } from "./_concurrency.ts";
import { readFormat } from "./_format.ts";
import { readPlatform } from "./_platform.ts";
import { remoteOptions } from "./_remote.ts";
import { readTarget } from "./_target.ts";
import { descriptorBlock } from "./render/descriptor.ts";
import { watchTransfers } from "./render/transfers.ts";

/** Pulls files and directories. */
export async function run(invocation: Invocation): Promise<void> {
  const { console, flags } = invocation;
  const format = await readFormat(flags);
  const reference = readTarget(invocation);
  const platform = readPlatform(flags.text("platform"));
  const config = flags.text("config");
  const registry = new Registry({
    ...await remoteOptions(invocation, reference.registry),
    defaultTag: "",
  });
  let result: PullResult;
  {
    using view = watchTransfers(invocation, {
      lines: format.isText ? 11 : undefined,
    });
    result = await registry.pullArtifact(reference, {
      outdir: flags.text("output"),
      overwrite: !flags.bool("keep-old-files"),
      allowPathTraversal: flags.bool("allow-path-traversal"),
      includeSubject: flags.bool("include-subject"),
      resume: true,
      concurrency: readConcurrency(flags),
      ...(platform && { platform }),
      ...(config !== "" && { config }),
      onProgress: view.onProgress,
      signal: invocation.signal,
    });
  }
  if (!format.isText) return format.print(console, pulledValue(result));
  if (result.skipped.length > 0) {
    console.out(
      `Skipped pulling layers without file name in "${AnnotationKeys.title}"`,
    );
    console.out(
      `Use 'gantry blob fetch -o <file> ${reference.name}@<digest>' to save one of them.`,
    );
  } else {
    console.out(`Pulled [registry] ${reference}`);
    console.out(`Digest: ${result.descriptor.digest}`);
  }
}

function pulledValue({ descriptor, files, reference }: PullResult): unknown {
  return {
    reference: `${reference.name}@${descriptor.digest}`,
    files: files.length === 0 ? null : files.map((file) => ({
      path: file.unpacked ? `${file.path}${SEPARATOR}` : file.path,
      ...descriptorBlock(reference.name, file.descriptor),
    })),
  };
}

const SEPARATOR = Deno.build.os === "windows" ? "\\" : "/";
