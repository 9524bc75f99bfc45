/**
 * Artifacts in registries: push files and directories, pull them, and build your
 * own provider on the steps in between.
 *
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
 * await registry.push("team/notes:v1", { files: [{ title: "a.txt", content: "a" }] });
 * assertEquals(await registry.getTags("team/notes"), ["v1"]);
 * ```
 *
 * @module
 */
export { appendToImage, type AppendToImageOptions } from "./append_to_image.ts";
export type { AuthBackend, AuthBackendName } from "./auth_backend.ts";
export { BaseRegistry } from "./base_registry.ts";
export { RegistryAccess } from "./registry_access.ts";
export { RegistrySteps } from "./registry_steps.ts";
export { copy } from "./copy.ts";
export {
  CopyError,
  type CopyErrorOptions,
  type CopyOperation,
  type CopyOrigin,
} from "./copy_error.ts";
export { copyGraph } from "./copy_graph.ts";
export type {
  CopyGraphOptions,
  CopyHooks,
  CopyOptions,
  CopyResult,
} from "./copy_options.ts";
export {
  ArtifactError,
  type ArtifactErrorCode,
  PathError,
  type PathErrorCode,
} from "./errors.ts";
export { copyTags, type CopyTagsOptions } from "./copy_tags.ts";
export {
  discover,
  type DiscoverOptions,
  type ReferrerTree,
} from "./discover.ts";
export { describeLayer, type ImageLayer } from "./image_layer.ts";
export { createIndex, updateIndex } from "./image_index.ts";
export type {
  CreateIndexOptions,
  IndexStep,
  UpdateIndexOptions,
} from "./index_options.ts";
export { walk, type WalkOptions } from "./graph/walk.ts";
export type {
  ConfigInput,
  LayerInput,
  LayerKind,
  PreparedContent,
} from "./layer.ts";
export {
  prepareContent,
  type PrepareContentOptions,
} from "./prepare_content.ts";
export { pull } from "./pull.ts";
export type {
  PulledFile,
  PullOptions,
  PullResult,
  StorePullResult,
} from "./pull_options.ts";
export { push } from "./push.ts";
export type { ExistingChoice, PullContext } from "./pull_steps.ts";
export type {
  AnnotationSections,
  PushOptions,
  PushResult,
  StorePushResult,
} from "./push_options.ts";
export type { LayerPlan, ManifestParts, PushContext } from "./push_steps.ts";
export { Registry } from "./registry.ts";
export {
  can,
  type Capability,
  type Deleter,
  type Fetcher,
  type ManifestFetcher,
  type Mounter,
  type NewnessTeller,
  type Prober,
  type Pusher,
  type ReadableStore,
  type ReferrerLister,
  type Resolver,
  type Store,
  type TagChecker,
  type Tagger,
  type TaggingPusher,
  type TagLister,
  type Untagger,
  type WritableStore,
} from "./store.ts";
export type { DockerImage } from "./stores/_docker_images.ts";
export type { Spool } from "./stores/_spool.ts";
export {
  DockerArchive,
  type DockerArchiveOptions,
} from "./stores/docker_archive.ts";
export { LayoutArchive } from "./stores/layout_archive.ts";
export { MemoryStore } from "./stores/memory_store.ts";
export {
  type DockerArchiveImage,
  packDockerArchive,
  type PackDockerArchiveOptions,
} from "./stores/pack_docker_archive.ts";
export {
  type LayoutEntry,
  packLayout,
  type PackLayoutOptions,
} from "./stores/pack_layout.ts";
export { isNotFound, StoreError, type StoreErrorCode } from "./store_error.ts";
export type {
  DownloadBlobOptions,
  FileContent,
  GetManifestOptions,
  GetTagsOptions,
  LoginOptions,
  LogoutOptions,
  RegistryOptions,
  TlsOptions,
  UploadBlobOptions,
  UploadManifestOptions,
} from "./registry_options.ts";
export { sync } from "./sync/sync.ts";
export type { BackupData, SyncOptions } from "./sync/sync_options.ts";
export { SyncError } from "./sync/sync_error.ts";
export type { SyncResult } from "./sync/sync_result.ts";
export { parseSyncConfig } from "./sync/parse_sync_config.ts";
export { selectNames, selectTags } from "./sync/select_names.ts";
export type {
  IgnoredField,
  NameRules,
  SyncConfig,
  SyncDefaults,
  SyncEntry,
  SyncRegistry,
  TagRules,
} from "./sync/sync_config.ts";
export { attach, type AttachOptions, type AttachResult } from "./attach.ts";
