import type { ProgressEvent } from "../distribution/progress.ts";
import type { Reference } from "../distribution/reference.ts";
import type { Descriptor } from "../image/descriptor.ts";
import type { Manifest } from "../image/manifest.ts";
import type { MediaType } from "../image/media_type.ts";
import { BaseRegistry } from "./base_registry.ts";
import type { LayerInput, LayerKind, PreparedContent } from "./layer.ts";
import type { PullOptions, PullResult } from "./pull_options.ts";
import type { ExistingChoice, PullContext } from "./pull_steps.ts";
import type { PushOptions, PushResult } from "./push_options.ts";
import type {
  LayerPlan,
  ManifestParts,
  PushContext,
  PushSteps,
} from "./push_steps.ts";
import { attachArtifact } from "./_attach.ts";
import type { AttachOptions, AttachResult } from "./attach.ts";
import { pushArtifact } from "./_push.ts";
import { pullArtifact } from "./_pull.ts";
import { requireTarget } from "./_require_target.ts";
import * as pushing from "./_push_defaults.ts";
import * as pulling from "./_pull_defaults.ts";

/**
 * Pushes files and directories as artifacts, and pulls them: the provider that
 * tools subclass.
 *
 * Each step of a push and of a pull is a protected method, so that a subclass
 * changes one thing in a few lines. A push calls, in this order:
 * {@linkcode Registry.parseFile}, {@linkcode Registry.nameLayer} and
 * {@linkcode Registry.layerMediaType} for every file before any content is read;
 * then, several at a time and each followed by its upload,
 * {@linkcode Registry.makeConfig} and {@linkcode Registry.makeLayer}; then
 * {@linkcode Registry.makeManifest}. A pull calls
 * {@linkcode Registry.selectLayers} for each manifest, then for every layer
 * {@linkcode Registry.titleOf}, {@linkcode Registry.unpacks},
 * {@linkcode Registry.placeFile} and {@linkcode Registry.onExisting} before it
 * downloads any. Both call {@linkcode Registry.report} all along.
 *
 * @example Push and pull
 * ```ts
 * import { Registry } from "@gantry/oci/oras";
 * import { fromHandler } from "@gantry/oci/distribution";
 * import { createRegistry } from "@gantry/oci/distribution/server";
 * import { assertEquals } from "@std/assert";
 *
 * const server = createRegistry();
 * const registry = new Registry({
 *   hostname: "registry.example",
 *   transport: fromHandler((request) => server.fetch(request)),
 * });
 * const outdir = await Deno.makeTempDir();
 * await registry.push("team/notes:v1", {
 *   files: [{ title: "hello.txt", content: "hello", mediaType: "text/plain" }],
 *   artifactType: "application/vnd.example.notes",
 * });
 * const [path] = await registry.pull("team/notes:v1", { outdir });
 * assertEquals(await Deno.readTextFile(path!), "hello");
 * await Deno.remove(outdir, { recursive: true });
 * ```
 *
 * @example A provider that gives every layer its own media type
 * ```ts
 * import { type LayerInput, Registry } from "@gantry/oci/oras";
 * import { fromHandler } from "@gantry/oci/distribution";
 * import { createRegistry } from "@gantry/oci/distribution/server";
 * import { assertEquals } from "@std/assert";
 *
 * class Notes extends Registry {
 *   protected override layerMediaType(_input: LayerInput): string {
 *     return "application/vnd.example.note";
 *   }
 * }
 *
 * const server = createRegistry();
 * const notes = new Notes({
 *   hostname: "registry.example",
 *   transport: fromHandler((request) => server.fetch(request)),
 * });
 * const { manifest } = await notes.push("team/notes", {
 *   files: [{ title: "hello.txt", content: "hello" }],
 * });
 * assertEquals(
 *   manifest.value.layers.map(({ mediaType }) => mediaType),
 *   ["application/vnd.example.note"],
 * );
 * ```
 */
export class Registry extends BaseRegistry {
  /**
   * Pushes files, directories and other content as one artifact.
   *
   * Files are read twice, once to learn their digests; directories are packed into a
   * temporary file. What the repository has is not uploaded again. The manifest and its
   * tags appear after everything that they need.
   *
   * @throws {PathError} A file is missing, is named twice, has an absolute path, or changes meanwhile.
   * @throws {ArtifactError} `ANNOTATIONS_INVALID`: the annotations or the file that holds them are malformed.
   * @throws {TypeError} Options contradict each other.
   * @throws {RangeError} `concurrency` is no positive integer, or `sourceDateEpoch` no number of seconds.
   * @throws {InvalidReferenceError} The target or a tag is malformed.
   * @throws {LayerError} A directory holds what cannot be packed.
   * @throws {DigestMismatchError} The target names a digest, and the manifest has another.
   * @throws {RegistryError} The registry refused.
   */
  async push(
    target: string | Reference,
    options: PushOptions = {},
  ): Promise<PushResult> {
    const reference = this.getContainer(target);
    const store = this.repository(reference);
    const result = await pushArtifact({ reference, store }, {
      ...options,
      concurrency: options.concurrency ?? this.options.concurrency ?? 8,
    }, this.#pushSteps(options));
    const { descriptor: { digest }, tags: [tag] } = result;
    return {
      ...result,
      reference: tag === undefined
        ? reference.withDigest(digest)
        : reference.withTag(tag),
    };
  }

  /**
   * Pushes an artifact that says something about a manifest, by the steps of a push.
   * It gets no tag, unless `tags` names some.
   *
   * @throws {TypeError} There is neither a file nor an annotation, or options contradict each other.
   * @throws {NotFoundError} There is no such manifest.
   * @throws {ArtifactError} `PLATFORM_NOT_FOUND`: it has no manifest for the platform.
   * @throws {PathError} A file is missing, is named twice, has an absolute path, or changes meanwhile.
   * @throws {RegistryError} The registry refused.
   */
  async attach(
    target: string | Reference,
    options: AttachOptions,
  ): Promise<AttachResult> {
    const reference = this.getContainer(target);
    return await attachArtifact({
      reference,
      store: this.repository(reference),
      subject: requireTarget(reference),
    }, {
      ...options,
      concurrency: options.concurrency ?? this.options.concurrency ?? 8,
    }, this.#pushSteps(options));
  }

  #pushSteps(options: PushOptions): PushSteps {
    return {
      parseFile: (file, context) => this.parseFile(file, context),
      nameLayer: (input, context) => this.nameLayer(input, context),
      layerMediaType: (input, kind, context) =>
        this.layerMediaType(input, kind, context),
      makeLayer: (plan, context) => this.makeLayer(plan, context),
      makeConfig: (context) => this.makeConfig(context),
      makeManifest: (parts, context) => this.makeManifest(parts, context),
      report: (event) => this.report(event, options),
    };
  }

  /**
   * Pulls an artifact's files, and gives their absolute paths.
   *
   * @throws {NotFoundError} There is no such artifact.
   * @throws {PathError} A title leads out of the output directory, or a path exists that must not be replaced.
   * @throws {ContentError} Content is not what its descriptor says.
   * @throws {LayerError} A packed directory is damaged, or an entry of it leads out.
   * @throws {ArtifactError} `PLATFORM_NOT_FOUND`: it has no manifest for the platform; `ARTIFACT_UNSUPPORTED`: it is neither a manifest nor an index.
   * @throws {InvalidReferenceError} The target is malformed, or has neither tag nor digest.
   * @throws {RangeError} `concurrency` is no positive integer.
   */
  async pull(
    target: string | Reference,
    options: PullOptions = {},
  ): Promise<string[]> {
    const { files } = await this.pullArtifact(target, options);
    return files.map(({ path }) => path);
  }

  /**
   * Pulls an artifact's files, and tells all about it.
   *
   * Each file is written beside its place under a temporary name and gets its own when all
   * of it is there and verified. Where the pull fails, files that were complete stay.
   *
   * @throws {NotFoundError} There is no such artifact.
   * @throws {PathError} A title leads out of the output directory, or a path exists that must not be replaced.
   * @throws {ContentError} Content is not what its descriptor says.
   * @throws {LayerError} A packed directory is damaged, or an entry of it leads out.
   * @throws {ArtifactError} `PLATFORM_NOT_FOUND`: it has no manifest for the platform; `ARTIFACT_UNSUPPORTED`: it is neither a manifest nor an index.
   * @throws {InvalidReferenceError} The target is malformed, or has neither tag nor digest.
   * @throws {RangeError} `concurrency` is no positive integer.
   */
  async pullArtifact(
    target: string | Reference,
    options: PullOptions = {},
  ): Promise<PullResult> {
    const reference = this.getContainer(target);
    const result = await pullArtifact({
      reference,
      store: this.repository(reference),
      target: requireTarget(reference),
    }, {
      ...options,
      concurrency: options.concurrency ?? this.options.concurrency ?? 8,
    }, {
      selectLayers: (manifest, context) => this.selectLayers(manifest, context),
      titleOf: (descriptor, context) => this.titleOf(descriptor, context),
      unpacks: (descriptor, context) => this.unpacks(descriptor, context),
      placeFile: (title, descriptor, context) =>
        this.placeFile(title, descriptor, context),
      onExisting: (path, descriptor, context) =>
        this.onExisting(path, descriptor, context),
      report: (event) => this.report(event, options),
    });
    return { ...result, reference };
  }

  /**
   * Push, step 1: takes one entry of `files` apart. By default a text is `path[:mediaType]`.
   */
  protected parseFile(
    file: string | LayerInput,
    context: PushContext,
  ): LayerInput | Promise<LayerInput> {
    return pushing.parseFile(file, context);
  }

  /**
   * Push, step 2: names a layer. By default the title that was given, else the cleaned path;
   * with undefined the layer gets no title, and is not pulled by name.
   * An absolute name is then refused, unless the caller of the push allows it.
   */
  protected nameLayer(
    input: LayerInput,
    _context: PushContext,
  ): string | undefined | Promise<string | undefined> {
    return pushing.nameLayer(input);
  }

  /**
   * Push, step 3: chooses a layer's media type. By default the one that was given, else tar
   * for a file as it is and gzipped tar for a directory.
   */
  protected layerMediaType(
    input: LayerInput,
    kind: LayerKind,
    _context: PushContext,
  ): MediaType | Promise<MediaType> {
    return pushing.layerMediaType(input, kind);
  }

  /**
   * Push, step 4: makes the config. By default the file or content that was given, else what
   * the artifact's form wants: the empty config, or one with the artifact's platform.
   */
  protected makeConfig(context: PushContext): Promise<PreparedContent> {
    return pushing.makeConfig(context);
  }

  /**
   * Push, step 5: makes a layer's content and descriptor; several run at once. By default a
   * file's bytes as they are, and a directory as an archive in a temporary file.
   */
  protected makeLayer(
    plan: LayerPlan,
    context: PushContext,
  ): Promise<PreparedContent> {
    return pushing.makeLayer(plan, context);
  }

  /**
   * Push, step 6: makes the manifest of its parts. It is serialised once, in the order and
   * escaping that other tools use.
   */
  protected makeManifest(
    parts: ManifestParts,
    context: PushContext,
  ): Manifest | Promise<Manifest> {
    return pushing.makeManifest(parts, context);
  }

  /**
   * Pull, step 1: selects what is pulled of a manifest. By default its layers, of the wanted
   * media types, and its config where a name for it was given.
   */
  protected selectLayers(
    manifest: Manifest,
    context: PullContext,
  ): readonly Descriptor[] | Promise<readonly Descriptor[]> {
    return pulling.selectLayers(manifest, context);
  }

  /**
   * Pull, step 2: names a layer. By default its title; what has none is skipped.
   */
  protected titleOf(
    descriptor: Descriptor,
    _context: PullContext,
  ): string | undefined | Promise<string | undefined> {
    return pulling.titleOf(descriptor);
  }

  /**
   * Pull, step 3: tells whether a layer is unpacked into a directory. By default where its
   * annotation `io.deis.oras.content.unpack` is exactly `true`.
   */
  protected unpacks(
    descriptor: Descriptor,
    _context: PullContext,
  ): boolean | Promise<boolean> {
    return pulling.unpacks(descriptor);
  }

  /**
   * Pull, step 4: chooses a layer's path, relative to the output directory. By default its
   * title. Whatever it gives must stay inside the output directory, unless the caller of
   * the pull allows otherwise. Not called for a packed directory, whose place is written
   * into its archive.
   */
  protected placeFile(
    title: string,
    _descriptor: Descriptor,
    _context: PullContext,
  ): string | Promise<string> {
    return title;
  }

  /**
   * Pull, step 5: decides what is done with a path that exists. By default it is replaced.
   *
   * @throws {PathError} `PATH_EXISTS`: the option `overwrite` is false.
   */
  protected onExisting(
    path: string,
    _descriptor: Descriptor,
    context: PullContext,
  ): ExistingChoice | Promise<ExistingChoice> {
    return pulling.onExisting(path, context);
  }

  /** Tells of a step of a push or pull. By default to the option `onProgress`. */
  protected report(
    event: ProgressEvent,
    options: PushOptions | PullOptions,
  ): void {
    options.onProgress?.(event);
  }
}
