/**
 * An OCI registry to embed: a function from web request to web response, with its
 * content in memory, in a directory, or in a storage of your own.
 *
 * ```ts
 * import { createRegistry } from "@gantry/oci/distribution/server";
 * import { assertEquals } from "@std/assert";
 *
 * const registry = createRegistry();
 * const answer = await registry.fetch(new Request("http://localhost/v2/"));
 * assertEquals(answer.status, 200);
 * ```
 *
 * @module
 */
export { type Authenticate, type ServerUser } from "./basic_auth.ts";
export {
  type ContentServerEvent,
  type ErrorServerEvent,
  type RequestServerEvent,
  type ServerEvent,
} from "./events.ts";
export {
  describeReferrer,
  type ReferrerDescription,
} from "./manifest_document.ts";
export { htpasswd, HtpasswdError } from "./htpasswd.ts";
export { memoryStorage } from "./memory_storage.ts";
export {
  createRegistry,
  type RegistryServer,
  type RegistryServerOptions,
} from "./registry.ts";
export { RequestError, type RequestErrorOptions } from "./request_error.ts";
export {
  type ByteRange,
  type Page,
  type RegistryStorage,
  type StoredManifest,
} from "./storage.ts";
