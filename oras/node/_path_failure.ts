import { PathError } from "../errors.ts";

/** Makes an error of what the operating system answered; what is no matter of the path passes through. */
export function pathFailure(
  action: string,
  path: string,
  error: unknown,
): unknown {
  const code = (error as { code?: unknown } | null)?.code;
  const options = { cause: error };
  switch (code) {
    case "ENOENT":
      return new PathError(
        "PATH_NOT_FOUND",
        `Cannot ${action} ${path}: no such file or directory`,
        path,
        options,
      );
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new PathError(
        "PATH_DENIED",
        `Cannot ${action} ${path}: permission denied`,
        path,
        options,
      );
    case "EISDIR":
      return new PathError(
        "PATH_INVALID",
        `Cannot ${action} ${path}: it is a directory`,
        path,
        options,
      );
    case "ENOTDIR":
      return new PathError(
        "PATH_INVALID",
        `Cannot ${action} ${path}: a part of the path is not a directory`,
        path,
        options,
      );
    case "EEXIST":
      return new PathError(
        "PATH_INVALID",
        `Cannot ${action} ${path}: something else is in its place`,
        path,
        options,
      );
    case "ELOOP":
      return new PathError(
        "PATH_INVALID",
        `Cannot ${action} ${path}: its links lead in a circle`,
        path,
        options,
      );
    case "ENAMETOOLONG":
      return new PathError(
        "PATH_INVALID",
        `Cannot ${action} ${path}: the name is too long`,
        path,
        options,
      );
    case "ENOSPC":
    case "EDQUOT":
      return new PathError(
        "PATH_NO_SPACE",
        `Cannot ${action} ${path}: no space is left there`,
        path,
        options,
      );
    default:
      return error;
  }
}
