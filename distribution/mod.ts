/**
 * The wire: references, a client for registries, its transports and credentials.
 *
 * A {@linkcode RegistryClient} speaks to one registry; its `repository()` holds
 * blobs, manifests and tags. Everything below it is a {@linkcode Transport}, one
 * function from request to response, in layers that can be used alone.
 *
 * ```ts
 * import { fromHandler, RegistryClient } from "@gantry/oci/distribution";
 * import { createRegistry } from "@gantry/oci/distribution/server";
 *
 * const client = new RegistryClient("registry.example", {
 *   transport: fromHandler(createRegistry().fetch),
 * });
 * await client.ping();
 * ```
 *
 * @module
 */
export {
  authorize,
  type AuthorizeOptions,
  type AuthScheme,
} from "./auth/authorize.ts";
export { type Challenge, parseChallenges } from "./auth/challenge.ts";
export { checkRealm, type RealmOptions } from "./auth/realm.ts";
export { mergeScopes } from "./auth/scope.ts";
export type {
  GetBlobOptions,
  PushBlobOptions,
  PushStreamOptions,
} from "./blob_options.ts";
export { Blobs } from "./blobs.ts";
export type { ClientOptions } from "./client_options.ts";
export {
  type ErrorCode,
  ErrorCodes,
  isErrorCode,
  statusOfErrorCode,
} from "./error_codes.ts";
export {
  assertErrorResponse,
  type ErrorResponse,
  parseErrorResponse,
  validateErrorInfo,
  validateErrorResponse,
} from "./error_response.ts";
export {
  assertRepositoryList,
  parseRepositoryList,
  type RepositoryList,
  validateRepositoryList,
} from "./repository_list.ts";
export {
  assertTagList,
  parseTagList,
  type TagList,
  validateTagList,
} from "./tag_list.ts";
export type { Capabilities } from "./capabilities.ts";
export type {
  FetchContentOptions,
  PushContentOptions,
  PushContentResult,
  ReferrersOptions,
  TagsOptions,
} from "./content_options.ts";
export type { MirrorOptions } from "./mirror_options.ts";
export type { MountSource } from "./mount_source.ts";
export type {
  Credential,
  CredentialStore,
  FoundCredential,
  GetCredentialOptions,
  IdentityTokenCredential,
  PasswordCredential,
  RegistryTokenCredential,
  WritableCredentialStore,
} from "./credential.ts";
export {
  CredentialError,
  type CredentialErrorCode,
} from "./credential_error.ts";
export {
  chainCredentials,
  fixedCredentials,
  type FixedCredentialsOptions,
} from "./credentials.ts";
export { defaultTransport } from "./default_transport.ts";
export {
  detectEndpoint,
  type DetectEndpointOptions,
  type Endpoint,
} from "./detect_endpoint.ts";
export { isDigestTag } from "./digest_tag.ts";
export {
  type AwsCredentialProvider,
  type AwsCredentials,
  ecrCredentials,
  type EcrCredentialsOptions,
} from "./ecr_credentials.ts";
export {
  ConnectionError,
  type ConnectionErrorCode,
  type ConnectionErrorOptions,
  DeniedError,
  type ErrorInfo,
  NotFoundError,
  ProtocolError,
  type ProtocolErrorCode,
  RateLimitError,
  RegistryError,
  registryError,
  type RegistryErrorOptions,
  SecurityError,
  type SecurityErrorCode,
  UnauthorizedError,
  UnsupportedError,
} from "./errors.ts";
export type {
  ClientEvent,
  ClientEventHook,
  ForeignRealmEvent,
  MirrorEvent,
  RedirectEvent,
  RetryEvent,
  TokenEvent,
  WarningEvent,
} from "./events.ts";
export {
  fetchTransport,
  type FetchTransportOptions,
} from "./fetch_transport.ts";
export { fromHandler, type RequestHandler } from "./from_handler.ts";
export { limit, type LimitOptions } from "./limit.ts";
export { nextLink } from "./link.ts";
export {
  MANIFEST_MEDIA_TYPES,
  Manifests,
  type PutManifestOptions,
  type RawManifest,
  type ReadManifestOptions,
} from "./manifests.ts";
export { isPrivateHost } from "./private_address.ts";
export type { ProgressEvent, ProgressHook, ProgressPhase } from "./progress.ts";
export { isSecretHeader, REDACTED, redactUrl } from "./redact.ts";
export { redirect, type RedirectOptions } from "./redirect.ts";
export {
  isRepositoryName,
  isTag,
  parseRegistryName,
  Reference,
  type ReferenceParts,
} from "./reference.ts";
export {
  InvalidReferenceError,
  type ReferenceErrorCode,
} from "./reference_error.ts";
export { type ListReferrersOptions, Referrers } from "./referrers.ts";
export { referrersTag } from "./referrers_tag.ts";
export { type CatalogOptions, RegistryClient } from "./registry_client.ts";
export type { RegistryRequest } from "./registry_request.ts";
export { Repository } from "./repository.ts";
export { requestToken, type RequestTokenOptions } from "./request_token.ts";
export { retry, type RetryOptions } from "./retry.ts";
export { parseRetryAfter } from "./retry_after.ts";
export {
  decideRetry,
  type RetryDecision,
  type RetryOutcome,
  type RetryPolicyOptions,
  type RetrySituation,
} from "./retry_policy.ts";
export type { SignalOptions } from "./signal_options.ts";
export { type Source, type SourceLike, toSource } from "./source.ts";
export { guardStalls, type StallOptions } from "./stall.ts";
export { type DeleteTagOptions, type ListTagsOptions, Tags } from "./tags.ts";
export {
  TagDeletionError,
  type TagDeletionErrorCode,
  type TagDeletionErrorOptions,
} from "./tag_deletion_error.ts";
export { limitTime, type TimeLimitOptions } from "./time_limit.ts";
export { proxyFor, type ProxyOptions } from "./proxy.ts";
export {
  type EndTrace,
  type FailureTrace,
  type RequestTrace,
  type ResponseTrace,
  trace,
  type TraceEvent,
  type TraceHook,
  type TraceOptions,
} from "./trace.ts";
export {
  makeTransport,
  type Transport,
  type TransportRequest,
  type TransportTraits,
  wrapTransport,
} from "./transport.ts";
export type { BaseTransportOptions, ResolveRule } from "./transport_options.ts";
export {
  type FinishUploadOptions,
  type SendUploadOptions,
  UploadSession,
} from "./upload_session.ts";
export {
  type ResumeUploadOptions,
  type StartUploadOptions,
  Uploads,
} from "./uploads.ts";
export { parseWarnings } from "./warning.ts";
export { USER_AGENT, VERSION } from "./user_agent.ts";
