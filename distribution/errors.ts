import { OciError, type OciErrorOptions } from "../digest/oci_error.ts";
import { redactUrl } from "./redact.ts";

/**
 * One problem in a registry's error body. Follows distribution-spec §Error Codes.
 */
export interface ErrorInfo {
  /** The code: upper-case letters and `_`. */
  readonly code: string;
  /** The registry's words. */
  readonly message?: string;
  /** Any JSON that the registry adds. */
  readonly detail?: unknown;
}

/** What is known of an answer that was no success. */
export interface RegistryErrorOptions extends OciErrorOptions {
  /** The status of the answer. */
  readonly status: number;
  /** The method of the request. */
  readonly method: string;
  /** The URL of the request; only its redacted form is kept. */
  readonly url: URL | string;
  /** The problems in the body. */
  readonly errors?: readonly ErrorInfo[] | undefined;
  /** How long the registry asks to wait, in milliseconds. */
  readonly retryAfter?: number | undefined;
  /** The token scope that a challenge in the answer names. */
  readonly scope?: string | undefined;
}

/**
 * A registry answered, and refused.
 *
 * `code` is the first code of the error body, and `HTTP_` with the status where
 * the body names none. Texts of the registry are cut at 1000 UTF-16 units, and hold
 * no control characters.
 *
 * @example Tell what is not there from what is refused
 * ```ts
 * import { fromHandler, NotFoundError, RegistryClient, RegistryError } from "@gantry/oci/distribution";
 * import { createRegistry } from "@gantry/oci/distribution/server";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const transport = fromHandler(createRegistry({ readOnly: true }).fetch);
 * const { manifests } = new RegistryClient("registry.example", { transport })
 *   .repository("team/app");
 *
 * const missing = await assertRejects(() => manifests.get("v1"), NotFoundError);
 * assertEquals([missing.status, missing.code], [404, "MANIFEST_UNKNOWN"]);
 *
 * const index = new TextEncoder().encode('{"schemaVersion":2,"manifests":[]}');
 * const mediaType = "application/vnd.oci.image.index.v1+json";
 * const refused = await assertRejects(
 *   () => manifests.put("v1", index, { mediaType }),
 *   RegistryError,
 * );
 * assertEquals([refused.status, refused.code], [405, "UNSUPPORTED"]);
 * ```
 */
export class RegistryError extends OciError {
  /** The class's name. */
  override readonly name: string = "RegistryError";
  /** The status of the answer. */
  readonly status: number;
  /** The method of the request. */
  readonly method: string;
  /** The URL of the request, redacted. */
  readonly url: string;
  /** The problems in the body; empty where it held none. */
  readonly errors: readonly ErrorInfo[];
  /** How long the registry asks to wait, in milliseconds. */
  readonly retryAfter: number | undefined;
  /** The token scope that the registry asks for, such as `repository:team/app:push`, where it says so. */
  readonly scope: string | undefined;

  /** Makes an error whose message says what could not be done, such as `Cannot push blob sha256:…`. */
  constructor(action: string, options: RegistryErrorOptions) {
    const errors = options.errors ?? [];
    super(
      errors[0]?.code ?? `HTTP_${options.status}`,
      `${action}: registry answered ${options.status}${describe(errors)}${
        describeScope(options.scope)
      }${describeWait(options.retryAfter)}`,
      options,
    );
    this.status = options.status;
    this.method = options.method;
    this.url = redactUrl(options.url);
    this.errors = errors;
    this.retryAfter = options.retryAfter;
    this.scope = options.scope;
  }
}

/** The registry wants a credential, or another one (401). */
export class UnauthorizedError extends RegistryError {
  /** The class's name. */
  override readonly name = "UnauthorizedError";
}

/** The credential does not allow this (403). */
export class DeniedError extends RegistryError {
  /** The class's name. */
  override readonly name = "DeniedError";
}

/** There is no such content, tag or repository (404). */
export class NotFoundError extends RegistryError {
  /** The class's name. */
  override readonly name = "NotFoundError";
}

/** The registry does not offer this (405, or code `UNSUPPORTED`). */
export class UnsupportedError extends RegistryError {
  /** The class's name. */
  override readonly name = "UnsupportedError";
}

/** Too many requests, and waiting would take longer than allowed (429). */
export class RateLimitError extends RegistryError {
  /** The class's name. */
  override readonly name = "RateLimitError";
}

/**
 * Makes the error class that fits the status.
 *
 * @example
 * ```ts
 * import { NotFoundError, registryError } from "@gantry/oci/distribution";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const error = registryError("Cannot pull blob", {
 *   status: 404,
 *   method: "GET",
 *   url: "https://registry.example/v2/app/blobs/x",
 * });
 * assert(error instanceof NotFoundError);
 * assertEquals(error.message, "Cannot pull blob: registry answered 404");
 * ```
 */
export function registryError(
  action: string,
  options: RegistryErrorOptions,
): RegistryError {
  switch (options.status) {
    case 401:
      return new UnauthorizedError(action, options);
    case 403:
      return new DeniedError(action, options);
    case 404:
      return new NotFoundError(action, options);
    case 405:
      return new UnsupportedError(action, options);
    case 429:
      return new RateLimitError(action, options);
    default:
      return options.errors?.[0]?.code === "UNSUPPORTED"
        ? new UnsupportedError(action, options)
        : new RegistryError(action, options);
  }
}

/** Why there was no answer. */
export type ConnectionErrorCode =
  | "CONNECTION_REFUSED"
  | "CONNECTION_RESET"
  | "CONNECTION_TIMEOUT"
  | "CONNECT_TIMEOUT"
  | "DEADLINE_EXCEEDED"
  | "HOST_UNKNOWN"
  | "PROXY_REFUSED"
  | "STALL_TIMEOUT"
  | "TLS_FAILED"
  | "CONNECTION_FAILED";

/** The request that got no answer. */
export interface ConnectionErrorOptions extends OciErrorOptions {
  /** The method of the request. */
  readonly method: string;
  /** The URL of the request; only its redacted form is kept. */
  readonly url: URL | string;
}

/**
 * There was no answer, or it broke off.
 *
 * @example
 * ```ts
 * import { ConnectionError, RegistryClient } from "@gantry/oci/distribution";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const client = new RegistryClient("registry.example", {
 *   transport: ({ method, url }) =>
 *     Promise.reject(
 *       new ConnectionError("HOST_UNKNOWN", "host registry.example is unknown", {
 *         method,
 *         url,
 *       }),
 *     ),
 * });
 * const error = await assertRejects(() => client.ping(), ConnectionError);
 * assertEquals(error.code, "HOST_UNKNOWN");
 * ```
 */
export class ConnectionError extends OciError {
  /** The class's name. */
  override readonly name = "ConnectionError";
  /** Why there was no answer. */
  declare readonly code: ConnectionErrorCode;
  /** The method of the request. */
  readonly method: string;
  /** The URL of the request, redacted. */
  readonly url: string;

  /** Makes an error about one request. `reason` says what was seen. */
  constructor(
    code: ConnectionErrorCode,
    reason: string,
    options: ConnectionErrorOptions,
  ) {
    const url = redactUrl(options.url);
    super(code, `Cannot ${options.method} ${url}: ${reason}`, options);
    this.method = options.method;
    this.url = url;
  }
}

/** What the client refused to do. */
export type SecurityErrorCode =
  | "LINK_FOREIGN"
  | "LOCATION_DOWNGRADE"
  | "LOCATION_PRIVATE"
  | "REALM_FORBIDDEN"
  | "REDIRECT_DOWNGRADE"
  | "REDIRECT_FORBIDDEN"
  | "REDIRECT_PRIVATE";

/**
 * The client refused to go on, to keep a secret or a promise.
 *
 * @example
 * ```ts
 * import { fromHandler, RegistryClient, SecurityError } from "@gantry/oci/distribution";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const transport = fromHandler(() =>
 *   Response.redirect("http://registry.example/v2/", 307)
 * );
 * const client = new RegistryClient("registry.example", { transport });
 * const error = await assertRejects(() => client.ping(), SecurityError);
 * assertEquals(error.code, "REDIRECT_DOWNGRADE");
 * ```
 */
export class SecurityError extends OciError {
  /** The class's name. */
  override readonly name = "SecurityError";
  /** What it refused to do. */
  declare readonly code: SecurityErrorCode;

  /** Makes an error whose message says what was refused, and shows no secret. */
  constructor(
    code: SecurityErrorCode,
    message: string,
    options?: OciErrorOptions,
  ) {
    super(code, message, options);
  }
}

/** What is wrong with an answer. */
export type ProtocolErrorCode =
  | "BODY_INVALID"
  | "BODY_TOO_LARGE"
  | "CHALLENGE_INVALID"
  | "CHUNK_TOO_LARGE"
  | "CONTENT_CHANGED"
  | "DIGEST_HEADER_INVALID"
  | "LINK_INVALID"
  | "LOCATION_INVALID"
  | "LOCATION_MISSING"
  | "PAGING_ENDLESS"
  | "RANGE_INVALID"
  | "REDIRECT_INVALID"
  | "REDIRECT_LOOP"
  | "REDIRECT_METHOD"
  | "REFERRERS_INVALID"
  | "SIZE_UNKNOWN"
  | "TOKEN_INVALID";

/**
 * The registry's answer breaks the protocol.
 *
 * @example
 * ```ts
 * import { fromHandler, ProtocolError, RegistryClient } from "@gantry/oci/distribution";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const transport = fromHandler(() => new Response("<html>"));
 * const client = new RegistryClient("registry.example", { transport });
 * const { tags } = client.repository("team/app");
 * const error = await assertRejects(
 *   () => Array.fromAsync(tags.list()),
 *   ProtocolError,
 * );
 * assertEquals(error.code, "BODY_INVALID");
 * ```
 */
export class ProtocolError extends OciError {
  /** The class's name. */
  override readonly name = "ProtocolError";
  /** What is wrong with the answer. */
  declare readonly code: ProtocolErrorCode;

  /** Makes an error whose message says what could not be done, and what was seen. */
  constructor(
    code: ProtocolErrorCode,
    message: string,
    options?: OciErrorOptions,
  ) {
    super(code, message, options);
  }
}

function describe(errors: readonly ErrorInfo[]): string {
  if (errors.length === 0) return "";
  return ` ${
    errors.map(({ code, message }) => message ? `${code}: ${message}` : code)
      .join("; ")
  }`;
}

function describeScope(scope: string | undefined): string {
  return scope === undefined ? "" : `, and asks for scope ${scope}`;
}

function describeWait(retryAfter: number | undefined): string {
  return retryAfter === undefined
    ? ""
    : `, and asks to wait ${Math.ceil(retryAfter / 1000)} s`;
}
