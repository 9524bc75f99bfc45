/**
 * Layers and directories on disk: pack a tree into a layer, and unpack a layer
 * safely. Needs a runtime with `node:fs`.
 *
 * @module
 */
export {
  extractDirectory,
  type ExtractDirectoryOptions,
  type ExtractedLayer,
} from "./extract_directory.ts";
export type { ExtractLimits } from "./extract_limits.ts";
export {
  packDirectory,
  type PackDirectoryOptions,
  packDirectoryToFile,
  type PackedLayer,
  type PackingLayer,
} from "./pack_directory.ts";
export { tarDirectory, type TarDirectoryOptions } from "./tar_directory.ts";
