import { CredentialError } from "../../distribution/credential_error.ts";
import { DeniedError, UnauthorizedError } from "../../distribution/errors.ts";
import { InvalidReferenceError } from "../../distribution/reference_error.ts";
import { isNotFound } from "../store_error.ts";
import { LoginError, UsageError } from "./_errors.ts";
import { INTERRUPTED } from "./_interrupt.ts";

/** The exit code of a failure where `--exit-codes detailed` is given. */
export function detailedExitCode(error: unknown): number {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof UsageError || cause instanceof InvalidReferenceError) {
      return 2;
    }
    if (
      cause instanceof UnauthorizedError || cause instanceof DeniedError ||
      cause instanceof CredentialError || cause instanceof LoginError
    ) return 4;
    if (isNotFound(cause)) return 5;
    if (cause.name === "AbortError") return INTERRUPTED;
  }
  return 1;
}
