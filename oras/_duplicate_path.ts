import { PathError } from "./errors.ts";

/**
 * The error of two layers of one artifact that would be one file, where another
 * spelling of its path is known with that.
 */
export function duplicatePath(
  path: string,
  title: string,
  other: string = path,
): PathError {
  return new PathError(
    "PATH_DUPLICATE",
    other === path
      ? `Cannot write ${path}: two layers with different content are called ${title}`
      : `Cannot write ${path}: it is one file here with ${other}, which has different content`,
    path,
    {
      hint: other === path
        ? "Where they are for different platforms, select one"
        : "Pull to where names keep their case, or choose layers",
    },
  );
}
