import { OciError } from "../../digest/oci_error.ts";
import type { SyncResult } from "./sync_result.ts";

/**
 * Part of what was to be kept in step failed; all else has been done.
 *
 * @example
 * ```ts
 * import { parseSyncConfig, sync, SyncError } from "@gantry/oci/oras";
 * import { fromHandler, RegistryClient } from "@gantry/oci/distribution";
 * import { createRegistry } from "@gantry/oci/distribution/server";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const transport = fromHandler(createRegistry().fetch);
 * const makeClient = (name: string) => new RegistryClient(name, { transport });
 * const source = "registry.example/app:none";
 * const target = "registry.example/mirror:v1";
 * const config = parseSyncConfig({ sync: [{ source, target, type: "image" }] });
 * const error = await assertRejects(() => sync(config, { makeClient }), SyncError);
 * assertEquals(error.failed.map(({ target }) => target), [target]);
 * assertEquals(error.errors.length, 1);
 * ```
 */
export class SyncError extends OciError {
  /** The class's name. */
  override readonly name = "SyncError";
  /** The code, for programs. */
  declare readonly code: "SYNC_FAILED";
  /** What became of each tag, of those that did not fail too. */
  readonly results: readonly SyncResult[];

  /** Makes an error of all results, of which one at least failed. */
  constructor(results: readonly SyncResult[]) {
    const failed = results.filter(isFailed);
    const [first] = failed;
    const seen = first === undefined
      ? "nothing failed"
      : `${first.source} => ${first.target}: ${
        first.error instanceof Error ? first.error.message : first.error
      }`;
    super(
      "SYNC_FAILED",
      `Cannot sync ${failed.length} of ${results.length}: ${seen}`,
      { cause: first?.error },
    );
    this.results = results;
  }

  /** The results that failed. */
  get failed(): readonly SyncResult[] {
    return this.results.filter(isFailed);
  }

  /** What went wrong, in the order of the results. */
  get errors(): readonly unknown[] {
    return this.failed.map(({ error }) => error);
  }
}

function isFailed({ outcome }: SyncResult): boolean {
  return outcome === "failed";
}
