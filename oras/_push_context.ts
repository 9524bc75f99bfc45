import type { ImageSpecVersion } from "../image/artifact_manifest.ts";
import type { Reference } from "../distribution/reference.ts";
import { AnnotationKeys, type Annotations } from "../image/annotations.ts";
import { MediaTypes } from "../image/media_type.ts";
import { parseJson } from "../image/parse_json.ts";
import { MEDIA_TYPE } from "../image/validate_descriptor.ts";
import { ArtifactError } from "./errors.ts";
import type { AnnotationSections, PushOptions } from "./push_options.ts";
import type { PushContext } from "./push_steps.ts";

/**
 * Settles the defaults of a push, and finds contradictions before any work is done.
 *
 * @throws {TypeError} Options contradict each other, or the artifact type is no media type.
 * @throws {RangeError} `sourceDateEpoch` is no number of seconds.
 * @throws {InvalidReferenceError} A tag is malformed.
 * @throws {ArtifactError} The annotations are malformed.
 */
export async function pushContext(
  reference: Reference | undefined,
  options: PushOptions,
): Promise<PushContext> {
  const { config, artifactType, root = "." } = options;
  const imageSpec = options.imageSpec ??
    (config !== undefined && !artifactType ? "v1.0" : "v1.1");
  checkForm(reference, options, imageSpec);
  if (artifactType) checkMediaType("artifact type", artifactType);
  const needsType = imageSpec === "v1.1" && config === undefined;
  const sections = await annotationSections(options.annotationFile, root);
  checkCreated({ ...sections["$manifest"], ...options.annotations });
  return {
    reference,
    root,
    imageSpec,
    artifactType: artifactType ||
      (needsType ? MediaTypes.unknownArtifact : undefined),
    sections,
    epoch: options.sourceDateEpoch ?? (options.reproducible ? 0 : undefined),
    signal: options.signal,
    options,
  };
}

function checkForm(
  reference: Reference | undefined,
  options: PushOptions,
  imageSpec: ImageSpecVersion,
): void {
  const { artifactPlatform, artifactType, config, sourceDateEpoch, subject } =
    options;
  // Malformed ones are to be met before anything is uploaded.
  for (const tag of options.tags ?? []) reference?.withTag(tag);
  const refuse = (reason: string) => {
    throw new TypeError(`Cannot push artifact: ${reason}`);
  };
  if (config !== undefined && artifactPlatform !== undefined) {
    refuse("a config and an artifact platform exclude each other");
  }
  if (imageSpec === "v1.1" && config !== undefined && !artifactType) {
    refuse("image-spec v1.1 wants an artifact type beside a config");
  }
  if (imageSpec === "v1.0" && subject !== undefined) {
    refuse("image-spec v1.0 has no subject");
  }
  if (
    imageSpec === "v1.0" && artifactType &&
    (config !== undefined || artifactPlatform !== undefined)
  ) {
    refuse(
      "in image-spec v1.0 the config's media type is the artifact type, so that " +
        "artifact type excludes config and artifact platform",
    );
  }
  if (
    sourceDateEpoch !== undefined &&
    !(Number.isSafeInteger(sourceDateEpoch) && sourceDateEpoch >= 0)
  ) {
    throw new RangeError(
      `Cannot push artifact: ${sourceDateEpoch} is no number of seconds since 1970`,
    );
  }
}

/**
 * Checks a type that other tools refuse to read where it is malformed.
 *
 * @throws {TypeError} It is no media type by RFC 6838 §4.2.
 */
export function checkMediaType(what: string, type: string): void {
  if (MEDIA_TYPE.pattern.test(type)) return;
  throw new TypeError(
    `Cannot push artifact: ${what} ${
      JSON.stringify(type)
    } is no media type, as application/vnd.example+json is`,
  );
}

async function annotationSections(
  given: string | AnnotationSections | undefined,
  root: string,
): Promise<AnnotationSections> {
  if (given === undefined) return {};
  let value: unknown = given;
  let origin = "annotations";
  if (typeof given === "string") {
    const { readBounded } = await import("./node/files.ts");
    origin = `annotation file ${given}`;
    const bytes = await readBounded(root, given);
    try {
      value = parseJson(bytes);
    } catch (cause) {
      throw invalid(origin, (cause as Error).message, { cause });
    }
  }
  if (!isObject(value)) {
    throw invalid(origin, "expected an object of sections");
  }
  for (const [name, section] of Object.entries(value)) {
    if (
      !isObject(section) ||
      !Object.values(section).every((text) => typeof text === "string")
    ) {
      throw invalid(
        origin,
        `expected section ${JSON.stringify(name)} to be an object of texts`,
      );
    }
  }
  return value as AnnotationSections;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(
  origin: string,
  reason: string,
  options?: ErrorOptions,
): ArtifactError {
  return new ArtifactError(
    "ANNOTATIONS_INVALID",
    `Cannot use ${origin}: ${reason}`,
    options,
  );
}

const RFC3339 =
  /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;

function checkCreated(annotations: Annotations): void {
  const created = annotations[AnnotationKeys.created];
  if (created === undefined) return;
  if (!RFC3339.test(created) || Number.isNaN(Date.parse(created))) {
    throw invalid(
      `annotation ${AnnotationKeys.created}`,
      `expected a time of RFC 3339, found ${JSON.stringify(created)}`,
    );
  }
}

/** The annotations of a push's manifest, with the time of creation where none was given. */
export function manifestAnnotations(context: PushContext): Annotations {
  const { epoch, options, sections } = context;
  const time = epoch === undefined ? Date.now() : epoch * 1000;
  return {
    [AnnotationKeys.created]: new Date(time).toISOString()
      .replace(/\.\d+Z$/, "Z"),
    ...sections["$manifest"],
    ...options.annotations,
  };
}
