import type { ContainerConfig, History, ImageConfig } from "./image_config.ts";
import type { Platform } from "./platform.ts";

/** Options of {@linkcode imageConfig}. */
export interface ImageConfigOptions {
  /**
   * The platform that the image is for.
   *
   * @default {linux/amd64}
   */
  readonly platform?: Platform | undefined;
  /** When the image was made. */
  readonly created?: Date | string | undefined;
  /** Who made it. */
  readonly author?: string | undefined;
  /** How it is to be run. */
  readonly config?: ContainerConfig | undefined;
}

/** A layer that {@linkcode appendLayer} puts on top: what it is, and how it came about. */
export interface AppendedLayer {
  /** The digest of the uncompressed layer; a step that made none has none. */
  readonly diffId?: string | undefined;
  /** When it was made. */
  readonly created?: Date | string | undefined;
  /** By which command. */
  readonly createdBy?: string | undefined;
  /** By whom. */
  readonly author?: string | undefined;
  /** A remark. */
  readonly comment?: string | undefined;
}

/**
 * Makes the configuration of an image that has no layers yet.
 *
 * Follows image-spec `config.md`.
 *
 * @example An image of one layer
 * ```ts
 * import { appendLayer, imageConfig, validateImageConfig } from "@gantry/oci/image";
 * import { assertEquals } from "@std/assert";
 *
 * const diffId =
 *   "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef";
 * const config = appendLayer(
 *   imageConfig({ config: { Cmd: ["/hello"] } }),
 *   { diffId, createdBy: "COPY hello /" },
 * );
 * assertEquals(config.rootfs.diff_ids, [diffId]);
 * assertEquals(config.history, [{ created_by: "COPY hello /" }]);
 * assertEquals(validateImageConfig(config), []);
 * ```
 */
export function imageConfig(options: ImageConfigOptions = {}): ImageConfig {
  const { author, config = {}, created } = options;
  const {
    architecture = "amd64",
    os = "linux",
    variant,
    "os.version": version,
    "os.features": features,
  } = options.platform ?? {};
  return {
    ...created !== undefined && { created: timeOf(created) },
    ...author !== undefined && { author },
    architecture,
    os,
    ...version !== undefined && { "os.version": version },
    ...features !== undefined && { "os.features": features },
    ...variant !== undefined && { variant },
    config,
    rootfs: { type: "layers", diff_ids: [] },
  };
}

/**
 * Puts a layer, or a step that made none, on top of an image: gives a configuration
 * with one DiffID and one line of history more. All else stays as it is.
 *
 * Layers that the history does not tell of get empty lines, so that lines and layers
 * keep matching. The image's own `created` becomes the layer's, where that is given.
 *
 * Follows image-spec `config.md` §history.
 *
 * @throws {TypeError} The history tells of more layers than there are.
 *
 * @example A step without a layer
 * ```ts
 * import { appendLayer, imageConfig } from "@gantry/oci/image";
 * import { assertEquals } from "@std/assert";
 *
 * const config = appendLayer(imageConfig(), {
 *   created: new Date(0),
 *   createdBy: "ENV A=b",
 * });
 * assertEquals(config.rootfs.diff_ids, []);
 * assertEquals(config.history, [{
 *   created: "1970-01-01T00:00:00Z",
 *   created_by: "ENV A=b",
 *   empty_layer: true,
 * }]);
 * ```
 */
export function appendLayer(
  config: ImageConfig,
  layer: AppendedLayer,
): ImageConfig {
  const { author, comment, createdBy, diffId } = layer;
  const created = layer.created === undefined
    ? undefined
    : timeOf(layer.created);
  const diffIds = config.rootfs.diff_ids ?? [];
  const line: History = {
    ...created !== undefined && { created },
    ...createdBy !== undefined && { created_by: createdBy },
    ...author !== undefined && { author },
    ...comment !== undefined && { comment },
    ...diffId === undefined && { empty_layer: true },
  };
  return {
    ...config,
    ...created !== undefined && { created },
    rootfs: {
      ...config.rootfs,
      diff_ids: diffId === undefined ? diffIds : [...diffIds, diffId],
    },
    history: [...wholeHistory(config.history ?? [], diffIds.length), line],
  };
}

/** The history with a line for each layer. */
function wholeHistory(
  history: readonly History[],
  layers: number,
): readonly History[] {
  const told = history.filter((line) => line.empty_layer !== true).length;
  if (told > layers) {
    throw new TypeError(
      `Cannot append to image config: its history tells of ${told} layers, ` +
        `and it has ${layers}`,
    );
  }
  return [...history, ...Array.from({ length: layers - told }, () => ({}))];
}

/** A time as Go writes it, without fractions that are 0. */
function timeOf(time: Date | string): string {
  return typeof time === "string"
    ? time
    : time.toISOString().replace(/\.?0*Z$/, "Z");
}
