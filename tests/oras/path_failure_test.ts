import {
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
} from "@std/assert";
import { PathError, type PathErrorCode } from "@gantry/oci/oras";
import { pathFailure } from "../../oras/node/_path_failure.ts";

const FAILURES: readonly [string, PathErrorCode, string][] = [
  ["ENOENT", "PATH_NOT_FOUND", "no such file or directory"],
  ["EACCES", "PATH_DENIED", "permission denied"],
  ["EROFS", "PATH_DENIED", "permission denied"],
  ["EISDIR", "PATH_INVALID", "it is a directory"],
  ["ENOTDIR", "PATH_INVALID", "a part of the path is not a directory"],
  ["EEXIST", "PATH_INVALID", "something else is in its place"],
  ["ELOOP", "PATH_INVALID", "its links lead in a circle"],
  ["ENAMETOOLONG", "PATH_INVALID", "the name is too long"],
  ["ENOSPC", "PATH_NO_SPACE", "no space is left there"],
  ["EDQUOT", "PATH_NO_SPACE", "no space is left there"],
];

for (const [code, expected, words] of FAILURES) {
  Deno.test(`pathFailure() names the path where ${code} was met`, () => {
    const cause = Object.assign(new Error("os error"), { code });
    const error = pathFailure("write", "a/b", cause);
    assertInstanceOf(error, PathError);
    assertEquals([error.code, error.path, error.message], [
      expected,
      "a/b",
      `Cannot write a/b: ${words}`,
    ]);
    assertStrictEquals(error.cause, cause);
  });
}

Deno.test("pathFailure() lets through what is no matter of the path", () => {
  const reason = new DOMException("Interrupted", "AbortError");
  assertStrictEquals(pathFailure("write", "a", reason), reason);
});
