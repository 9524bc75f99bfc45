/**
 * Files on disk, for runtimes that have `node:fs` (Deno, Node, Bun): read them as
 * sources that can be opened again, and write them so that nothing half-written is
 * ever visible.
 *
 * ```ts
 * import { fileSource } from "@gantry/oci/oras/node";
 * import { PathError } from "@gantry/oci/oras";
 * import { assertRejects } from "@std/assert";
 *
 * await assertRejects(() => fileSource("no-such-file"), PathError);
 * ```
 *
 * @module
 */
export { fileSource } from "./file_source.ts";
export { FileStore } from "../stores/node/file_store.ts";
export type {
  AddFileOptions,
  FileStoreOptions,
} from "../stores/node/file_store_options.ts";
export type {
  GarbageOptions,
  GarbageResult,
} from "../stores/node/_layout_garbage.ts";
export { LayoutStore } from "../stores/node/layout_store.ts";
export {
  type OpenArchive,
  openArchive,
  type OpenArchiveOptions,
  withSpool,
  writeArchive,
} from "../stores/node/open_archive.ts";
export {
  OutputDirectory,
  type OutputDirectoryOptions,
} from "./output_directory.ts";
export {
  type WriteFileOptions,
  writeVerifiedFile,
} from "./write_verified_file.ts";
