import type { ProgressEvent } from "../distribution/progress.ts";
import type { Reference } from "../distribution/reference.ts";
import type { ImageSpecVersion } from "../image/artifact_manifest.ts";
import type { Annotations } from "../image/annotations.ts";
import type { Descriptor } from "../image/descriptor.ts";
import type { Manifest } from "../image/manifest.ts";
import type { MediaType } from "../image/media_type.ts";
import type { LayerInput, LayerKind, PreparedContent } from "./layer.ts";
import type { AnnotationSections, PushOptions } from "./push_options.ts";

/** What all steps of one push know: its options, with the defaults settled. */
export interface PushContext {
  /** Where the artifact goes; undefined where that is no registry. */
  readonly reference: Reference | undefined;
  /** The directory that paths are relative to. */
  readonly root: string;
  /** The form of the manifest. */
  readonly imageSpec: ImageSpecVersion;
  /** The type of the artifact, where it has one. */
  readonly artifactType: MediaType | undefined;
  /** The sections of the annotation file; empty where there is none. */
  readonly sections: AnnotationSections;
  /** Seconds since 1970 that no time in the artifact may lie behind, where times are clamped. */
  readonly epoch: number | undefined;
  /** Ends the push. */
  readonly signal: AbortSignal | undefined;
  /** The options as they were given. */
  readonly options: PushOptions;
}

/** A layer that is about to be made. */
export interface LayerPlan {
  /** What it is made of. */
  readonly input: LayerInput;
  /** Whether that is packed. */
  readonly kind: LayerKind;
  /** The name that it is pulled by. */
  readonly title: string | undefined;
  /** Its media type. */
  readonly mediaType: MediaType;
  /** Its annotations apart from its title, and from those that packing adds. */
  readonly annotations: Annotations;
}

/** What a manifest is made of. */
export interface ManifestParts {
  /** The config. */
  readonly config: Descriptor;
  /** The layers, in the order of the files. */
  readonly layers: readonly Descriptor[];
  /** The annotations, the time of creation among them. */
  readonly annotations: Annotations;
}

/** The steps of a push, in the order in which they are called. */
export interface PushSteps {
  /** Takes one entry of `files` apart; called once for each. */
  parseFile(
    file: string | LayerInput,
    context: PushContext,
  ): LayerInput | Promise<LayerInput>;
  /** Names a layer; called once for each, before any content is read. */
  nameLayer(
    input: LayerInput,
    context: PushContext,
  ): string | undefined | Promise<string | undefined>;
  /** Chooses a layer's media type; called after its name is known. */
  layerMediaType(
    input: LayerInput,
    kind: LayerKind,
    context: PushContext,
  ): MediaType | Promise<MediaType>;
  /** Makes the config; called once, before anything is uploaded. */
  makeConfig(context: PushContext): Promise<PreparedContent>;
  /** Makes a layer; called for several at once, each followed by its upload. */
  makeLayer(plan: LayerPlan, context: PushContext): Promise<PreparedContent>;
  /** Makes the manifest; called once, when all blobs are in the registry. */
  makeManifest(
    parts: ManifestParts,
    context: PushContext,
  ): Manifest | Promise<Manifest>;
  /** Tells of a step; called at any time. */
  report(event: ProgressEvent): void;
}
