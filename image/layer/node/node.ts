/**
 * Layers and directories on disk: pack a tree into a layer, apply layers to a
 * directory, and unpack one safely. Needs a runtime with `node:fs`.
 *
 * @module
 */
export type { LayerTime } from "./_clock.ts";
export type { PackedLayer, PackingLayer, PackOptions } from "./_pack.ts";
export {
  type AppliedLayer,
  type AppliedLayers,
  applyLayer,
  applyLayers,
  type ApplyLayersOptions,
  type LayerInput,
} from "./apply_layers.ts";
export {
  extractDirectory,
  type ExtractDirectoryOptions,
  type ExtractedLayer,
} from "./extract_directory.ts";
export type { ExtractLimits } from "../extract_limits.ts";
export {
  packDirectory,
  type PackDirectoryOptions,
  packDirectoryToFile,
} from "./pack_directory.ts";
export {
  diffDirectories,
  packLayer,
  type PackLayerOptions,
  packLayerToFile,
} from "./pack_layer.ts";
export { tarChanges, type TarChangesOptions } from "./tar_changes.ts";
export { tarDirectory, type TarDirectoryOptions } from "./tar_directory.ts";
