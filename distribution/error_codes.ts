/**
 * The codes of error bodies, of distribution-spec §Error Codes.
 *
 * @example
 * ```ts
 * import { ErrorCodes } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(ErrorCodes.blobUnknown, "BLOB_UNKNOWN");
 * ```
 */
export const ErrorCodes = {
  /** The repository has no such blob. */
  blobUnknown: "BLOB_UNKNOWN",
  /** An upload cannot go on so, as where a part is out of order. */
  blobUploadInvalid: "BLOB_UPLOAD_INVALID",
  /** There is no such upload session. */
  blobUploadUnknown: "BLOB_UPLOAD_UNKNOWN",
  /** The visitor may not do this. */
  denied: "DENIED",
  /** The digest is malformed, or is not the content's. */
  digestInvalid: "DIGEST_INVALID",
  /** A manifest names a manifest or blob that the repository has not. */
  manifestBlobUnknown: "MANIFEST_BLOB_UNKNOWN",
  /** The manifest is not acceptable. */
  manifestInvalid: "MANIFEST_INVALID",
  /** The repository has no such manifest. */
  manifestUnknown: "MANIFEST_UNKNOWN",
  /** The repository's name is malformed. */
  nameInvalid: "NAME_INVALID",
  /** There is no such repository. */
  nameUnknown: "NAME_UNKNOWN",
  /** The content has another length than was said. */
  sizeInvalid: "SIZE_INVALID",
  /** There are too many requests. */
  tooManyRequests: "TOOMANYREQUESTS",
  /** A credential is wanted. */
  unauthorized: "UNAUTHORIZED",
  /** The registry does not offer this. */
  unsupported: "UNSUPPORTED",
} as const;

/** A code of distribution-spec §Error Codes. */
export type ErrorCode = typeof ErrorCodes[keyof typeof ErrorCodes];

const STATUSES: Readonly<Record<ErrorCode, number>> = {
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_INVALID: 416,
  BLOB_UPLOAD_UNKNOWN: 404,
  DENIED: 403,
  DIGEST_INVALID: 400,
  MANIFEST_BLOB_UNKNOWN: 404,
  MANIFEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  SIZE_INVALID: 400,
  TOOMANYREQUESTS: 429,
  UNAUTHORIZED: 401,
  UNSUPPORTED: 405,
};

/**
 * The status that usually comes with a code, and undefined for one that the
 * specification does not know. Registries differ: take the status of an answer from the answer.
 *
 * @example
 * ```ts
 * import { statusOfErrorCode } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(statusOfErrorCode("TOOMANYREQUESTS"), 429);
 * assertEquals(statusOfErrorCode("RANGE_INVALID"), undefined);
 * ```
 */
export function statusOfErrorCode(code: string): number | undefined {
  return isErrorCode(code) ? STATUSES[code] : undefined;
}

/**
 * Whether a text is a code of the specification's own table. Registries may have others.
 *
 * @example
 * ```ts
 * import { isErrorCode } from "@gantry/oci/distribution";
 * import { assert, assertFalse } from "@std/assert";
 *
 * assert(isErrorCode("DENIED"));
 * assertFalse(isErrorCode("denied"));
 * ```
 */
export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === "string" && Object.hasOwn(STATUSES, code);
}
