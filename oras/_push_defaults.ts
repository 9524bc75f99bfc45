import { toSource } from "../distribution/source.ts";
import { AnnotationKeys, type Annotations } from "../image/annotations.ts";
import { artifactManifest } from "../image/artifact_manifest.ts";
import type { Descriptor } from "../image/descriptor.ts";
import { EMPTY_CONTENT, EMPTY_DESCRIPTOR } from "../image/empty_content.ts";
import { encodeJson } from "../image/encode_json.ts";
import type { Manifest } from "../image/manifest.ts";
import { type MediaType, MediaTypes } from "../image/media_type.ts";
import { toSlash } from "./_file_ref.ts";
import { cleanPath } from "./_clean_path.ts";
import { withAnnotations } from "./_describe.ts";
import { checkOneOrigin } from "./_one_origin.ts";
import { checkMediaType } from "./_push_context.ts";
import { prepareContent } from "./prepare_content.ts";
import type {
  ConfigInput,
  LayerInput,
  LayerKind,
  PreparedContent,
} from "./layer.ts";
import type { LayerPlan, ManifestParts, PushContext } from "./push_steps.ts";

/** Takes `path[:mediaType]` apart; an object is what it is. */
export async function parseFile<T extends LayerInput | ConfigInput>(
  file: string | T,
  context: PushContext,
): Promise<T | { path: string; mediaType?: string }> {
  if (typeof file !== "string") return file;
  const { splitFileRef } = await import("./node/files.ts");
  return await splitFileRef(context.root, file);
}

/** The title that was given, else the cleaned path. */
export async function nameLayer(
  input: LayerInput,
): Promise<string | undefined> {
  if (input.title !== undefined) return input.title;
  if (input.path === undefined) return undefined;
  const { HOST_RULES } = await import("../image/layer/node/_host_rules.ts");
  return cleanPath(toSlash(input.path, HOST_RULES));
}

/** The media type that was given, else what other tools take. */
export function layerMediaType(
  input: LayerInput,
  kind: LayerKind,
): MediaType {
  return input.mediaType ||
    (kind === "directory" ? MediaTypes.layerGzip : MediaTypes.layer);
}

/** A file as it is, a directory as an archive. */
export async function makeLayer(
  plan: LayerPlan,
  context: PushContext,
): Promise<PreparedContent> {
  const { input, kind, mediaType, title } = plan;
  const annotations: Annotations = {
    ...title !== undefined && { [AnnotationKeys.title]: title },
    ...plan.annotations,
  };
  if (kind === "directory") {
    const { packLayer } = await import("./node/pack_layer.ts");
    return await packLayer({ ...plan, annotations }, context);
  }
  return await prepare(input, mediaType, annotations, context);
}

/** The config that was given, else the one of the artifact's form. */
export async function makeConfig(
  context: PushContext,
): Promise<PreparedContent> {
  const { artifactType, imageSpec, options, sections } = context;
  const section = sections["$config"];
  if (options.config !== undefined) {
    const input = await parseFile(options.config, context) as ConfigInput;
    checkOneOrigin("config", input);
    const mediaType = input.mediaType || MediaTypes.unknownConfig;
    checkMediaType("config type", mediaType);
    return await prepare(
      input,
      mediaType,
      { ...section, ...input.annotations },
      context,
    );
  }
  if (options.artifactPlatform !== undefined) {
    const content = encodeJson(options.artifactPlatform);
    return await prepare(
      { content },
      MediaTypes.config,
      section,
      context,
    );
  }
  const descriptor: Descriptor = imageSpec === "v1.1" ? EMPTY_DESCRIPTOR : {
    mediaType: artifactType ?? MediaTypes.unknownConfig,
    digest: EMPTY_DESCRIPTOR.digest,
    size: EMPTY_DESCRIPTOR.size,
  };
  return {
    descriptor: withAnnotations(descriptor, section),
    source: toSource(EMPTY_CONTENT),
  };
}

/** The manifest of the artifact's form. */
export function makeManifest(
  parts: ManifestParts,
  context: PushContext,
): Manifest {
  const { artifactType, imageSpec, options } = context;
  return artifactManifest({
    ...parts,
    imageSpec,
    artifactType: imageSpec === "v1.1" ? artifactType : undefined,
    subject: options.subject,
  });
}

async function prepare(
  input: ConfigInput,
  mediaType: MediaType,
  annotations: Annotations | undefined,
  { root, signal }: PushContext,
): Promise<PreparedContent> {
  const options = { annotations, mediaType, signal };
  if (input.content !== undefined) {
    return await prepareContent(input.content, options);
  }
  const { openInput } = await import("./node/files.ts");
  const file = await openInput(root, input.path!);
  // Little is read once, for its digest and for its upload.
  const content = file.bytes === undefined ? file : await file.bytes();
  return await prepareContent(content, options);
}
