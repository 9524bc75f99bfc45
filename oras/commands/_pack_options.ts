import type { ImageSpecVersion } from "../../image/artifact_manifest.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import type { Annotations } from "../../image/annotations.ts";
import type { Manifest } from "../../image/manifest.ts";
import type { PushOptions, StorePushResult } from "../push_options.ts";
import { readConcurrency } from "./_concurrency.ts";
import { readVariable } from "./_environment.ts";
import { UsageError } from "./_errors.ts";
import type { FlagValues } from "./_flag.ts";
import { readPlatform } from "./_platform.ts";

/** Turns the flags that say what an artifact is made of into options. */
export function readPackOptions(
  flags: FlagValues,
): PushOptions & { readonly concurrency: number } {
  const annotationFile = flags.text("annotation-file");
  const artifactType = flags.text("artifact-type");
  const artifactPlatform = flags.knows("artifact-platform")
    ? readPlatform(flags.text("artifact-platform"))
    : undefined;
  const config = flags.text("config");
  const imageSpec = flags.knows("image-spec")
    ? flags.text("image-spec") as ImageSpecVersion | ""
    : "";
  const epoch = readEpoch();
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
    reproducible: flags.bool("reproducible"),
    disablePathValidation: flags.bool("disable-path-validation"),
    ...(annotationFile && { annotationFile }),
    ...(artifactType && { artifactType }),
    ...(artifactPlatform && { artifactPlatform }),
    ...(config && { config }),
    ...(imageSpec && { imageSpec }),
    ...(epoch !== undefined && { sourceDateEpoch: epoch }),
  };
}

/** Reads `key=value` pairs. */
export function readAnnotations(pairs: readonly string[]): Annotations {
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

/** Reads `SOURCE_DATE_EPOCH`, in seconds since 1970; undefined where it is not set. */
export function readEpoch(): number | undefined {
  const text = readVariable("SOURCE_DATE_EPOCH");
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new UsageError(
    `SOURCE_DATE_EPOCH is no number of seconds: ${JSON.stringify(text)}`,
  );
}

/** The descriptor of what was pushed, with what results tell of its manifest. */
export function packedDescriptor(
  { descriptor, manifest }: StorePushResult,
): Descriptor {
  const value = manifest.value as Manifest;
  return {
    ...descriptor,
    ...(value.annotations && { annotations: value.annotations }),
    artifactType: artifactTypeOf(value),
  };
}

/** The type of an artifact: what it says of itself, else its config's. */
export function artifactTypeOf({ artifactType, config }: Manifest): string {
  return artifactType ?? config.mediaType;
}
