import { PathError } from "./errors.ts";

/** The error of a path that exists and must not be replaced. */
export function pathExists(path: string): PathError {
  return new PathError(
    "PATH_EXISTS",
    `Cannot write ${path}: it exists, and is not to be replaced`,
    path,
  );
}
