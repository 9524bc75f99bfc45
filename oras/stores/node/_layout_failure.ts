import { RequestError } from "../../../distribution/server/request_error.ts";
import { StoreError } from "../../store_error.ts";
import { pathFailure } from "../../node/_path_failure.ts";

/** Does something with a layout's files, and tells of what went wrong in a store's words. */
export async function inLayout<Result>(
  path: string,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    // What is shared with the registry's storage speaks of requests.
    if (!(error instanceof RequestError)) throw pathFailure("use", path, error);
    const reason = error.message.replace(/^The repository is damaged: /, "");
    throw error.status === 503
      ? new StoreError(
        "STORE_BUSY",
        `Cannot change image layout ${path}: another process holds it`,
        { cause: error },
      )
      : new StoreError(
        "STORE_INVALID",
        `Cannot use image layout ${path}: ${reason}`,
        { cause: error },
      );
  }
}
