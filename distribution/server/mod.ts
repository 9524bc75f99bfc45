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
export { acceptTokens, type AcceptTokensOptions } from "./accept_tokens.ts";
export { type Authenticate, type ServerUser } from "./basic_auth.ts";
export {
  type BearerTokens,
  type IssuedToken,
  type TokenAccess,
  type TokenGrant,
} from "./bearer_tokens.ts";
export { type CorsOptions } from "./cors.ts";
export {
  type ContentServerEvent,
  type ErrorServerEvent,
  type RequestServerEvent,
  type ServerEvent,
  type ServerEventHook,
} from "./events.ts";
export { htpasswd, HtpasswdError } from "./htpasswd.ts";
export { issueTokens, type IssueTokensOptions } from "./issue_tokens.ts";
export { memoryStorage } from "./memory_storage.ts";
export { type RequestContext } from "./outside.ts";
export {
  type Action,
  type Permission,
  permissions,
  type Permit,
} from "./permissions.ts";
export { type RateLimit } from "./rate_limit.ts";
export {
  describeReferrer,
  type ReferrerDescription,
} from "./referrer_description.ts";
export { createRegistry, type RegistryServer } from "./registry.ts";
export {
  type Deletable,
  type RegistryServerOptions,
} from "./registry_options.ts";
export { RequestError, type RequestErrorOptions } from "./request_error.ts";
export {
  type ByteRange,
  type Page,
  type RegistryStorage,
  type StoredManifest,
  type TagCheck,
} from "./storage.ts";
export { type Webhook, webhook, type WebhookOptions } from "./webhook.ts";
