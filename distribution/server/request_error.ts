import { OciError, type OciErrorOptions } from "../../digest/oci_error.ts";
import type { ErrorResponse } from "../error_response.ts";

/** What a {@linkcode RequestError} holds beside its code and message. */
export interface RequestErrorOptions extends OciErrorOptions {
  /** More for programs: any JSON. */
  readonly detail?: unknown | undefined;
  /** Headers of the answer. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/**
 * A registry server refuses a request.
 *
 * A storage or a hook may throw it to have a status, a code and a message sent
 * as they are. Follows distribution-spec §Error Codes.
 *
 * @example Refuse from a hook
 * ```ts
 * import { createRegistry, RequestError } from "@gantry/oci/distribution/server";
 * import { assertEquals } from "@std/assert";
 *
 * const registry = createRegistry({
 *   authenticate: () => {
 *     throw new RequestError(429, "TOOMANYREQUESTS", "Try again later");
 *   },
 * });
 * const headers = { authorization: `Basic ${btoa("me:secret")}` };
 * const answer = await registry.fetch(new Request("http://localhost/v2/", { headers }));
 * assertEquals(answer.status, 429);
 * assertEquals((await answer.json()).errors[0].code, "TOOMANYREQUESTS");
 * ```
 */
export class RequestError extends OciError {
  /** The class's name. */
  override readonly name = "RequestError";
  /** The status of the answer. */
  readonly status: number;
  /** More for programs: any JSON. */
  readonly detail: unknown;
  /** Headers of the answer. */
  readonly headers: Readonly<Record<string, string>>;

  /** Makes a refusal. The message is sent, so it must hold no secret. */
  constructor(
    status: number,
    code: string,
    message: string,
    options: RequestErrorOptions = {},
  ) {
    super(code, message, options);
    this.status = status;
    this.detail = options.detail;
    this.headers = options.headers ?? {};
  }
}

/** The answer that tells a client of a refusal: JSON as of distribution-spec R83. */
export function errorResponse(error: RequestError): Response {
  const { code, message, detail } = error;
  const body: ErrorResponse = { errors: [{ code, message, detail }] };
  return new Response(JSON.stringify(body), {
    status: error.status,
    headers: { "content-type": "application/json", ...error.headers },
  });
}

/** 404: there is no such repository. */
export function nameUnknown(repository: string): RequestError {
  return new RequestError(404, "NAME_UNKNOWN", "Repository not known", {
    detail: { name: repository },
  });
}

/** 404: the repository has no such blob. */
export function blobUnknown(digest: string): RequestError {
  return new RequestError(404, "BLOB_UNKNOWN", "Blob not known", {
    detail: { digest },
  });
}

/** 404: the repository has no such manifest. */
export function manifestUnknown(reference: string): RequestError {
  return new RequestError(404, "MANIFEST_UNKNOWN", "Manifest not known", {
    detail: { reference },
  });
}

/** 404: the repository has no such upload. */
export function uploadUnknown(): RequestError {
  return new RequestError(404, "BLOB_UPLOAD_UNKNOWN", "Upload not known");
}

/** 400: a digest is malformed, not supported, or not the content's. */
export function digestInvalid(message: string, detail?: unknown): RequestError {
  return new RequestError(400, "DIGEST_INVALID", message, { detail });
}

/** 400: a manifest is not acceptable. */
export function manifestInvalid(
  message: string,
  detail?: unknown,
): RequestError {
  return new RequestError(400, "MANIFEST_INVALID", message, { detail });
}

/** 405: the endpoint has no such method, or it is switched off. */
export function methodNotAllowed(
  message: string,
  allow: readonly string[],
): RequestError {
  return new RequestError(405, "UNSUPPORTED", message, {
    headers: { allow: allow.join(", ") },
  });
}
