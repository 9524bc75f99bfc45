import { assertEquals } from "@std/assert";
import { readArchiveArgument } from "../../oras/commands/_archive_argument.ts";
import { parseFileRef, toSlash } from "../../oras/_file_ref.ts";

/** Texts, and the path and media type in them, on Windows and elsewhere. */
const REFS: readonly [
  text: string,
  windows: readonly string[],
  other: readonly string[],
][] = [
  ["a.txt", ["a.txt"], ["a.txt"]],
  ["a.txt:text/plain", ["a.txt", "text/plain"], ["a.txt", "text/plain"]],
  ["a.txt:", ["a.txt"], ["a.txt"]],
  [":text/plain", ["", "text/plain"], ["", "text/plain"]],
  ["a:b:text/plain", ["a:b", "text/plain"], ["a:b", "text/plain"]],
  ["C:\\x", ["C:\\x"], ["C", "\\x"]],
  ["c:/x", ["c:/x"], ["c", "/x"]],
  ["C:\\", ["C:\\"], ["C", "\\"]],
  ["C:\\x:text/plain", ["C:\\x", "text/plain"], ["C:\\x", "text/plain"]],
  ["C:x", ["C", "x"], ["C", "x"]],
  ["ab:\\x", ["ab", "\\x"], ["ab", "\\x"]],
  ["1:\\x", ["1", "\\x"], ["1", "\\x"]],
  ["\\\\server\\share\\x:a/b", ["\\\\server\\share\\x", "a/b"], [
    "\\\\server\\share\\x",
    "a/b",
  ]],
  ["\\\\?\\C:\\x:a/b", ["\\\\?\\C:\\x", "a/b"], ["\\\\?\\C:\\x", "a/b"]],
];

Deno.test("parseFileRef() leaves drives whole on Windows, and only there", () => {
  for (const [text, windows, other] of REFS) {
    const read = (rules: "windows" | "darwin" | "posix") => {
      const { path, mediaType } = parseFileRef(text, rules);
      return mediaType === undefined ? [path] : [path, mediaType];
    };
    assertEquals([text, read("windows")], [text, windows]);
    assertEquals([text, read("darwin")], [text, other]);
    assertEquals([text, read("posix")], [text, other]);
  }
});

Deno.test("toSlash() turns backslashes where they separate", () => {
  assertEquals(toSlash("a\\b/c", "windows"), "a/b/c");
  assertEquals(toSlash("a\\b/c", "darwin"), "a\\b/c");
  assertEquals(toSlash("a\\b/c", "posix"), "a\\b/c");
});

Deno.test("readArchiveArgument() leaves drives whole", () => {
  const table: readonly [text: string, path: string, target?: string][] = [
    ["oci-archive:a.tar", "a.tar"],
    ["oci-archive:a.tar:v1", "a.tar", "v1"],
    ["oci-archive:C:\\a.tar", "C:\\a.tar"],
    ["oci-archive:c:/a.tar:v1", "c:/a.tar", "v1"],
    ["docker-archive:C:\\a.tar:app:v1", "C:\\a.tar", "app:v1"],
    ["docker-archive:C:a.tar", "C", "a.tar"],
  ];
  for (const [text, path, target] of table) {
    const found = readArchiveArgument(text);
    assertEquals([text, found?.path, found?.target], [text, path, target]);
  }
});
