import { PathError } from "./errors.ts";

/** The error of two layers of one artifact that would be one file. */
export function duplicatePath(path: string, title: string): PathError {
  return new PathError(
    "PATH_DUPLICATE",
    `Cannot write ${path}: two layers with different content are called ${title}`,
    path,
    { hint: "Where they are for different platforms, select one" },
  );
}
