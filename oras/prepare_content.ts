import type { SignalOptions } from "../distribution/signal_options.ts";
import type { SourceLike } from "../distribution/source.ts";
import type { Annotations } from "../image/annotations.ts";
import { type MediaType, MediaTypes } from "../image/media_type.ts";
import { describe, withAnnotations } from "./_describe.ts";
import { openContent } from "./_open_content.ts";
import type { PreparedContent } from "./layer.ts";
import type { FileContent } from "./registry_options.ts";

/** What {@linkcode prepareContent} is told. */
export interface PrepareContentOptions extends SignalOptions {
  /**
   * The media type.
   *
   * @default {"application/octet-stream"}
   */
  readonly mediaType?: MediaType | undefined;
  /** The annotations of the descriptor. */
  readonly annotations?: Annotations | undefined;
}

/**
 * Describes content, so that it can be a layer or a config of a manifest: what a step
 * of a push gives, and what {@linkcode BaseRegistry.uploadBlob} takes.
 *
 * @throws {PathError} The file cannot be read.
 *
 * @example A config of one's own
 * ```ts
 * import { prepareContent, type PreparedContent, Registry } from "@gantry/oci/oras";
 * import { fromHandler } from "@gantry/oci/distribution";
 * import { createRegistry } from "@gantry/oci/distribution/server";
 * import { assertEquals } from "@std/assert";
 *
 * class Tool extends Registry {
 *   protected override makeConfig(): Promise<PreparedContent> {
 *     return prepareContent('{"tool":1}', { mediaType: "application/vnd.example.tool" });
 *   }
 * }
 *
 * const server = createRegistry();
 * const tool = new Tool({
 *   hostname: "registry.example",
 *   transport: fromHandler((request) => server.fetch(request)),
 * });
 * const { manifest } = await tool.push("team/tool");
 * assertEquals(manifest.value.config.mediaType, "application/vnd.example.tool");
 * ```
 */
export async function prepareContent(
  content: SourceLike | FileContent,
  options: PrepareContentOptions = {},
): Promise<PreparedContent> {
  const { annotations, mediaType = MediaTypes.octetStream, signal } = options;
  const source = await openContent(content);
  const descriptor = await describe(source, mediaType, { signal });
  return { descriptor: withAnnotations(descriptor, annotations), source };
}
