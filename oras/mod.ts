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
export { BaseRegistry } from "./base_registry.ts";
export {
  ArtifactError,
  type ArtifactErrorCode,
  PathError,
  type PathErrorCode,
} from "./errors.ts";
export type {
  ConfigInput,
  LayerInput,
  LayerKind,
  PreparedContent,
} from "./layer.ts";
export type { PulledFile, PullOptions, PullResult } from "./pull_options.ts";
export type { ExistingChoice, PullContext } from "./pull_steps.ts";
export type {
  AnnotationSections,
  PushOptions,
  PushResult,
} from "./push_options.ts";
export type { LayerPlan, ManifestParts, PushContext } from "./push_steps.ts";
export { Registry } from "./registry.ts";
export type {
  DownloadBlobOptions,
  FileContent,
  GetManifestOptions,
  GetTagsOptions,
  RegistryOptions,
  UploadBlobOptions,
  UploadManifestOptions,
} from "./registry_options.ts";
