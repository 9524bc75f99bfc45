import type { ProgressEvent } from "../distribution/progress.ts";
import type { Descriptor } from "../image/descriptor.ts";
import type { Manifest } from "../image/manifest.ts";
import type { MediaType } from "../image/media_type.ts";
import { BaseRegistry } from "./base_registry.ts";
import type { LayerInput, LayerKind, PreparedContent } from "./layer.ts";
import type { PullOptions } from "./pull_options.ts";
import type { ExistingChoice, PullContext } from "./pull_steps.ts";
import * as pulling from "./_pull_defaults.ts";
import type { PushOptions } from "./push_options.ts";
import type { LayerPlan, ManifestParts, PushContext } from "./push_steps.ts";
import * as pushing from "./_push_defaults.ts";

/**
 * The steps of a push and of a pull, as {@linkcode Registry} takes them.
 *
 * A subclass of {@linkcode Registry} overrides the one that it wants otherwise, and may
 * call it by `super`. A push calls, in this order:
 *
 * 1. {@linkcode RegistrySteps.parseFile}, {@linkcode RegistrySteps.nameLayer} and
 *    {@linkcode RegistrySteps.layerMediaType} for every file, one after the other, before
 *    any content is read;
 * 2. {@linkcode RegistrySteps.makeConfig}, before anything is uploaded;
 * 3. {@linkcode RegistrySteps.makeLayer} for every file, several at once, each followed
 *    by its upload;
 * 4. {@linkcode RegistrySteps.makeManifest}, when all blobs are there.
 *
 * A pull calls {@linkcode RegistrySteps.selectLayers} for each manifest, then for every layer
 * {@linkcode RegistrySteps.titleOf}, {@linkcode RegistrySteps.unpacks} and
 * {@linkcode RegistrySteps.placeFile}, and {@linkcode RegistrySteps.onExisting} where there is
 * something, before it downloads any. Both call {@linkcode RegistrySteps.report} all along,
 * {@linkcode RegistrySteps.client} for their registry, and
 * {@linkcode RegistrySteps.credentialFor} when it asks who is there.
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
export class RegistrySteps extends BaseRegistry {
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
   * with undefined the layer gets no title, and is not pulled by name. Not called where the
   * layer's annotations hold a title. An absolute name is then refused, unless the caller of
   * the push allows it.
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

  /**
   * Push and pull, all along: tells what has been done, of which content. By default to the
   * option `onProgress`.
   */
  protected report(
    event: ProgressEvent,
    options: PushOptions | PullOptions,
  ): void {
    options.onProgress?.(event);
  }
}
