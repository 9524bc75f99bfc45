import { RequestError } from "../request_error.ts";

/** What is in a folder is not what a layout should be: the client cannot help it. */
export function damaged(what: string, cause?: unknown): RequestError {
  return new RequestError(
    500,
    "UNKNOWN",
    `The repository is damaged: ${what}`,
    { cause },
  );
}
