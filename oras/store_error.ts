import { OciError, type OciErrorOptions } from "../digest/oci_error.ts";
import { NotFoundError } from "../distribution/errors.ts";

/** What is wrong with a store, or with what it was asked for. */
export type StoreErrorCode =
  | "CONTENT_NOT_FOUND"
  | "REFERENCE_INVALID"
  | "REFERENCE_NOT_FOUND"
  | "STORE_BUSY"
  | "STORE_INVALID"
  | "STORE_NOT_FOUND"
  | "STORE_UNSUPPORTED";

/**
 * A store that is no registry cannot do what it was asked.
 *
 * @example
 * ```ts
 * import { MemoryStore, StoreError } from "@gantry/oci/oras";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const store = new MemoryStore();
 * const error = await assertRejects(() => store.resolve("v1"), StoreError);
 * assertEquals(error.code, "REFERENCE_NOT_FOUND");
 * ```
 */
export class StoreError extends OciError {
  /** The class's name. */
  override readonly name = "StoreError";
  /** What is wrong, for programs. */
  declare readonly code: StoreErrorCode;

  /** Makes an error about a store. */
  constructor(
    code: StoreErrorCode,
    message: string,
    options?: OciErrorOptions,
  ) {
    super(code, message, options);
  }
}

/**
 * Whether an error says that content or a reference is not there, whichever store
 * was asked.
 *
 * @example
 * ```ts
 * import { isNotFound, MemoryStore } from "@gantry/oci/oras";
 * import { assert } from "@std/assert";
 *
 * const error = await new MemoryStore().resolve("v1").catch((error) => error);
 * assert(isNotFound(error));
 * ```
 */
export function isNotFound(error: unknown): boolean {
  if (error instanceof NotFoundError) return true;
  return error instanceof StoreError &&
    (error.code === "CONTENT_NOT_FOUND" ||
      error.code === "REFERENCE_NOT_FOUND" || error.code === "STORE_NOT_FOUND");
}
