/**
 * Layers: read their entries, compress and decompress them. What touches the file
 * system is in `@gantry/oci/image/layer/node`.
 *
 * @module
 */
export { chainId } from "./chain_id.ts";
export {
  compress,
  type Compression,
  compressionOf,
  type CompressOptions,
  decompress,
  type DecompressOptions,
} from "./compression.ts";
export { type EntryNameOptions, parseEntryName } from "./entry_name.ts";
export {
  LayerError,
  type LayerErrorCode,
  LayerLimitError,
  UnsafeEntryError,
} from "./errors.ts";
export type { ExtractLimits } from "./extract_limits.ts";
export { type FileNameRules, nameKey } from "./name_rules.ts";
export {
  readTar,
  type TarEntry,
  type TarEntryHeader,
  type TarEntryType,
} from "./read_tar.ts";
export { validateLayer, type ValidateLayerOptions } from "./validate_layer.ts";
export {
  OPAQUE_WHITEOUT,
  parseWhiteout,
  type Whiteout,
  WHITEOUT_PREFIX,
} from "./whiteout.ts";
