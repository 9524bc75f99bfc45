import type { ProgressEvent } from "../distribution/progress.ts";
import type { Reference } from "../distribution/reference.ts";
import type { Descriptor } from "../image/descriptor.ts";
import type { Manifest } from "../image/manifest.ts";
import type { PullOptions } from "./pull_options.ts";

/** What all steps of one pull know. */
export interface PullContext {
  /** Where the artifact comes from; undefined where that is no registry. */
  readonly reference: Reference | undefined;
  /** The directory that files are written to, as it was given. */
  readonly outdir: string;
  /** Ends the pull. */
  readonly signal: AbortSignal | undefined;
  /** The options as they were given. */
  readonly options: PullOptions;
}

/** What is done where a path exists: `replace` it, or `keep` it and leave the content out. */
export type ExistingChoice = "replace" | "keep";

/** The steps of a pull, in the order in which they are called. */
export interface PullSteps {
  /** Selects the layers of a manifest, the config among them where it is wanted; called once for each manifest. */
  selectLayers(
    manifest: Manifest,
    context: PullContext,
  ): readonly Descriptor[] | Promise<readonly Descriptor[]>;
  /** Names a layer; what has no name is left out. Called once for each that was selected. */
  titleOf(
    descriptor: Descriptor,
    context: PullContext,
  ): string | undefined | Promise<string | undefined>;
  /** Tells whether a layer is unpacked into a directory. */
  unpacks(
    descriptor: Descriptor,
    context: PullContext,
  ): boolean | Promise<boolean>;
  /** Chooses the path of a layer, relative to the output directory. It is then checked, whoever chose it. Not called for what is unpacked. */
  placeFile(
    title: string,
    descriptor: Descriptor,
    context: PullContext,
  ): string | Promise<string>;
  /** Decides what is done with a path that exists; called before anything is downloaded. */
  onExisting(
    path: string,
    descriptor: Descriptor,
    context: PullContext,
  ): ExistingChoice | Promise<ExistingChoice>;
  /** Tells of a step; called at any time. */
  report(event: ProgressEvent): void;
}
