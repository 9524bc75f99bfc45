import { errorCode } from "../../digest/_error_code.ts";
import { PathError, type PathErrorCode } from "../errors.ts";

/** What the codes of the operating system mean for a path. */
const FAILURES: Readonly<
  Record<string, readonly [code: PathErrorCode, seen: string]>
> = {
  ENOENT: ["PATH_NOT_FOUND", "no such file or directory"],
  EACCES: ["PATH_DENIED", "permission denied"],
  EPERM: ["PATH_DENIED", "permission denied"],
  EROFS: ["PATH_DENIED", "permission denied"],
  EISDIR: ["PATH_INVALID", "it is a directory"],
  ENOTDIR: ["PATH_INVALID", "a part of the path is not a directory"],
  EEXIST: ["PATH_INVALID", "something else is in its place"],
  ELOOP: ["PATH_INVALID", "its links lead in a circle"],
  ENAMETOOLONG: ["PATH_INVALID", "the name is too long"],
  ENOSPC: ["PATH_NO_SPACE", "no space is left there"],
  EDQUOT: ["PATH_NO_SPACE", "no space is left there"],
};

/** Makes an error of what the operating system answered; what is no matter of the path passes through. */
export function pathFailure(
  action: string,
  path: string,
  error: unknown,
): unknown {
  const failure = FAILURES[errorCode(error) ?? ""];
  if (failure === undefined) return error;
  const [code, seen] = failure;
  const message = `Cannot ${action} ${path}: ${seen}`;
  return new PathError(code, message, path, { cause: error });
}
