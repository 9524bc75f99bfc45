import type { Reference } from "../distribution/reference.ts";
import { InvalidReferenceError } from "../distribution/reference_error.ts";

/** The tag or digest of a reference that is to be read, where one must be. */
export function requireTarget(reference: Reference): string {
  if (reference.target === undefined) {
    throw new InvalidReferenceError(
      "REFERENCE_INVALID_FORMAT",
      String(reference),
      "it has neither tag nor digest",
    );
  }
  return reference.target;
}
