import { OciError, type OciErrorOptions } from "../digest/oci_error.ts";

/** What went wrong with a credential, or with where it is stored. */
export type CredentialErrorCode =
  | "CREDENTIAL_INVALID"
  | "CREDENTIAL_CONFIG_INVALID"
  | "CREDENTIAL_CONFIG_UNREADABLE"
  | "CREDENTIAL_CONFIG_UNWRITABLE"
  | "CREDENTIAL_CONFIG_LOCKED"
  | "CREDENTIAL_HELPER_MISSING"
  | "CREDENTIAL_HELPER_FAILED"
  | "CREDENTIAL_MISSING"
  | "CREDENTIAL_SERVICE_FAILED";

/**
 * A credential cannot be used, read or kept. It quotes nothing of the credential.
 *
 * @example
 * ```ts
 * import { CredentialError } from "@gantry/oci/distribution";
 * import { DockerConfig } from "@gantry/oci/distribution/node";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, "no JSON");
 * const error = await assertRejects(
 *   () => new DockerConfig(path).get("ghcr.io"),
 *   CredentialError,
 * );
 * assertEquals(error.code, "CREDENTIAL_CONFIG_INVALID");
 * await Deno.remove(path);
 * ```
 */
export class CredentialError extends OciError {
  /** The class's name. */
  override readonly name = "CredentialError";
  /** What went wrong, for programs. */
  declare readonly code: CredentialErrorCode;

  /** Makes an error whose message names the registry, the file or the helper. */
  constructor(
    code: CredentialErrorCode,
    message: string,
    options?: OciErrorOptions,
  ) {
    super(code, message, options);
  }
}
