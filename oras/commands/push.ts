import type { Reference } from "../../distribution/reference.ts";
import type { ImageSpecVersion } from "../../image/artifact_manifest.ts";
import type { Annotations } from "../../image/annotations.ts";
import type { Manifest } from "../../image/manifest.ts";
import type { PushOptions, PushResult } from "../push_options.ts";
import { Registry } from "../registry.ts";
import type { Invocation } from "./_command.ts";
import { readConcurrency } from "./_concurrency.ts";
import { readVariable } from "./_environment.ts";
import { UsageError } from "./_errors.ts";
import { writeFile } from "./_file.ts";
import type { FlagValues } from "./_flag.ts";
import { readFormat } from "./_format.ts";
import { readPlatform } from "./_platform.ts";
import { remoteOptions } from "./_remote.ts";
import { readReference } from "./_target.ts";
import { pushedBlock } from "./render/descriptor.ts";
import { watchTransfers } from "./render/transfers.ts";

/** Pushes files and directories. */
export async function run(invocation: Invocation): Promise<void> {
  const { args: [target = "", ...files], console, flags } = invocation;
  const format = await readFormat(flags);
  const { reference, tags } = readDestination(target);
  const options = readOptions(flags);
  const registry = new Registry({
    ...await remoteOptions(invocation, reference.registry),
    defaultTag: "",
  });
  if (files.length === 0 && format.isText) {
    console.out("Uploading empty artifact");
  }
  let result: PushResult;
  {
    using view = watchTransfers(invocation, {
      lines: format.isText ? 9 : undefined,
    });
    result = await registry.push(reference, {
      ...options,
      files,
      tags,
      onProgress: view.onProgress,
      signal: invocation.signal,
    });
  }
  // First what has been done: the export may fail, and does not undo it.
  if (!format.isText) format.print(console, pushedValue(reference, result));
  else {
    console.out(`Pushed [registry] ${reference}`);
    for (const tag of tags) console.out(`Tagged ${tag}`);
    console.out(`ArtifactType: ${artifactTypeOf(result)}`);
    console.out(`Digest: ${result.descriptor.digest}`);
  }
  const exported = flags.text("export-manifest");
  if (exported !== "") await writeFile(exported, result.manifest.bytes);
}

/** Reads `name[:tag[,tag…]]`. */
function readDestination(
  target: string,
): { reference: Reference; tags: readonly string[] } {
  const [first, ...tags] = target.split(",");
  const reference = readReference(first!);
  // Checks each tag.
  for (const tag of tags) reference.withTag(tag);
  return { reference, tags };
}

function readOptions(flags: FlagValues): PushOptions {
  const annotationFile = flags.text("annotation-file");
  const artifactType = flags.text("artifact-type");
  const artifactPlatform = readPlatform(flags.text("artifact-platform"));
  const config = flags.text("config");
  const imageSpec = flags.text("image-spec") as ImageSpecVersion | "";
  const epoch = readVariable("SOURCE_DATE_EPOCH");
  if (imageSpec === "v1.1" && config !== "" && artifactType === "") {
    throw new UsageError(
      "missing artifact type for OCI image-spec v1.1 artifacts",
      {
        hint:
          "set an artifact type via `--artifact-type` or consider image spec v1.0",
      },
    );
  }
  return {
    annotations: readAnnotations(flags.list("annotation")),
    concurrency: readConcurrency(flags),
    disablePathValidation: flags.bool("disable-path-validation"),
    ...(annotationFile && { annotationFile }),
    ...(artifactType && { artifactType }),
    ...(artifactPlatform && { artifactPlatform }),
    ...(config && { config }),
    ...(imageSpec && { imageSpec }),
    ...(epoch && { sourceDateEpoch: readEpoch(epoch) }),
  };
}

function readAnnotations(pairs: readonly string[]): Annotations {
  const annotations = new Map<string, string>();
  for (const pair of pairs) {
    const equals = pair.indexOf("=");
    if (equals < 0) {
      throw new UsageError(
        "annotation value doesn't match the required format",
        {
          hint:
            'Please use the correct format in the flag: --annotation "key=value"',
        },
      );
    }
    const key = pair.slice(0, equals);
    if (annotations.has(key)) {
      throw new UsageError(`duplicate annotation key: ${key}`);
    }
    annotations.set(key, pair.slice(equals + 1));
  }
  return Object.fromEntries(annotations);
}

function readEpoch(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new UsageError(
    `SOURCE_DATE_EPOCH is no number of seconds: ${JSON.stringify(text)}`,
  );
}

function pushedValue(reference: Reference, result: PushResult): unknown {
  const { descriptor, manifest, tags } = result;
  const { annotations } = manifest.value as Manifest;
  return pushedBlock(reference.name, {
    ...descriptor,
    ...(annotations && { annotations }),
    artifactType: artifactTypeOf(result),
  }, tags);
}

function artifactTypeOf({ manifest }: PushResult): string {
  const { artifactType, config } = manifest.value as Manifest;
  return artifactType ?? config.mediaType;
}
