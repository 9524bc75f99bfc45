import { OciError } from "../digest/oci_error.ts";
import type { Descriptor } from "../image/descriptor.ts";

/** What a copy was doing when it failed. */
export type CopyOperation =
  | "resolve"
  | "fetch"
  | "exists"
  | "push"
  | "tag"
  | "list";

/** Which side of a copy failed. */
export type CopyOrigin = "source" | "target";

/** What a {@linkcode CopyError} is about. */
export interface CopyErrorOptions extends ErrorOptions {
  /** What was being done. */
  readonly operation: CopyOperation;
  /** On which side. */
  readonly origin: CopyOrigin;
  /** The content that it was done with. */
  readonly descriptor?: Descriptor | undefined;
  /** The tag or digest that it was done with. */
  readonly reference?: string | undefined;
  /** A code of its own; that of the cause where not given. */
  readonly code?: string | undefined;
}

/**
 * A copy failed on one of its sides. Its `cause` is the store's own error, and its
 * `code` is the cause's.
 *
 * @example
 * ```ts
 * import { copy, CopyError, MemoryStore } from "@gantry/oci/oras";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const [source, target] = [new MemoryStore(), new MemoryStore()];
 * const error = await assertRejects(() => copy(source, "v1", target), CopyError);
 * assertEquals([error.origin, error.operation], ["source", "resolve"]);
 * assertEquals(error.code, "REFERENCE_NOT_FOUND");
 * ```
 */
export class CopyError extends OciError {
  /** The class's name. */
  override readonly name = "CopyError";
  /** What the copy was doing. */
  readonly operation: CopyOperation;
  /** The side that failed. */
  readonly origin: CopyOrigin;
  /** The content that it was done with, where there was one. */
  readonly descriptor: Descriptor | undefined;
  /** The tag or digest that it was done with, where there was one. */
  readonly reference: string | undefined;

  /** Makes an error of what was seen. */
  constructor(seen: string, options: CopyErrorOptions) {
    const { cause, descriptor, operation, origin, reference } = options;
    const what = reference ?? descriptor?.digest ?? "content";
    const code = options.code ??
      (cause instanceof OciError ? cause.code : "COPY_FAILED");
    super(code, `Cannot copy ${what} (${operation}, ${origin}): ${seen}`, {
      cause,
      hint: cause instanceof OciError ? cause.hint : undefined,
    });
    this.operation = operation;
    this.origin = origin;
    this.descriptor = descriptor;
    this.reference = reference;
  }
}

/** Does one step of a copy, and tells where it failed. An abort comes out as its own reason. */
export async function step<Result>(
  signal: AbortSignal | undefined,
  options: Omit<CopyErrorOptions, "cause">,
  work: () => Result | Promise<Result>,
): Promise<Result> {
  try {
    signal?.throwIfAborted();
    return await work();
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof CopyError) throw cause;
    const seen = cause instanceof Error ? cause.message : String(cause);
    throw new CopyError(seen, { ...options, cause });
  }
}
