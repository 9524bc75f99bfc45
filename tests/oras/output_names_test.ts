import { assertEquals, assertThrows } from "@std/assert";
import type { FileNameRules } from "@gantry/oci/image/layer";
import { PathError } from "@gantry/oci/oras";
import { OutputDirectory } from "@gantry/oci/oras/node";

/** Names, and how they are refused on Windows, macOS and elsewhere; "" where they are not. */
const NAMES: readonly [
  name: string,
  windows: string,
  darwin: string,
  posix: string,
][] = [
  ["a/b.txt", "", "", ""],
  ["a b/.c", "", "", ""],
  ["console/com10", "", "", ""],
  ["a\\b", "", "", ""],
  ["../a", "PATH_TRAVERSAL", "PATH_TRAVERSAL", "PATH_TRAVERSAL"],
  ["a/../../b", "PATH_TRAVERSAL", "PATH_TRAVERSAL", "PATH_TRAVERSAL"],
  ["..", "PATH_TRAVERSAL", "PATH_TRAVERSAL", "PATH_TRAVERSAL"],
  ["..\\a", "PATH_TRAVERSAL", "", ""],
  ["a\\..\\..\\b", "PATH_TRAVERSAL", "", ""],
  ["a/..\\..\\b", "PATH_TRAVERSAL", "", ""],
  ["..\\..", "PATH_TRAVERSAL", "", ""],
  ["/a", "PATH_ABSOLUTE", "PATH_ABSOLUTE", "PATH_ABSOLUTE"],
  ["\\a", "PATH_ABSOLUTE", "PATH_ABSOLUTE", "PATH_ABSOLUTE"],
  ["\\\\server\\share", "PATH_ABSOLUTE", "PATH_ABSOLUTE", "PATH_ABSOLUTE"],
  ["//server/share", "PATH_ABSOLUTE", "PATH_ABSOLUTE", "PATH_ABSOLUTE"],
  ["\\\\?\\C:\\a", "PATH_ABSOLUTE", "PATH_ABSOLUTE", "PATH_ABSOLUTE"],
  ["\\\\.\\NUL", "PATH_ABSOLUTE", "PATH_ABSOLUTE", "PATH_ABSOLUTE"],
  ["\\??\\C:\\a", "PATH_ABSOLUTE", "PATH_ABSOLUTE", "PATH_ABSOLUTE"],
  ["C:\\a", "PATH_ABSOLUTE", "PATH_ABSOLUTE", "PATH_ABSOLUTE"],
  ["C:/a", "PATH_ABSOLUTE", "PATH_ABSOLUTE", "PATH_ABSOLUTE"],
  ["c:/../a", "PATH_ABSOLUTE", "PATH_ABSOLUTE", "PATH_ABSOLUTE"],
  ["C:a", "PATH_INVALID", "", ""],
  ["C:", "PATH_INVALID", "", ""],
  ["a.txt:stream", "PATH_INVALID", "", ""],
  ["a.txt::$DATA", "PATH_INVALID", "", ""],
  ["a\\b:c", "PATH_INVALID", "", ""],
  ["a/NUL", "PATH_INVALID", "", ""],
  ["con.txt", "PATH_INVALID", "", ""],
  ["a\\con", "PATH_INVALID", "", ""],
  ["AUX .txt", "PATH_INVALID", "", ""],
  ["COM¹", "PATH_INVALID", "", ""],
  ["lpt9", "PATH_INVALID", "", ""],
  ["CONIN$", "PATH_INVALID", "", ""],
  ["nul ", "PATH_INVALID", "", ""],
  ["a./b", "PATH_INVALID", "", ""],
  ["a ", "PATH_INVALID", "", ""],
  ["a...", "PATH_INVALID", "", ""],
  ["a?", "PATH_INVALID", "", ""],
  ["a<b>", "PATH_INVALID", "", ""],
  ["a|b", "PATH_INVALID", "", ""],
  ['a"', "PATH_INVALID", "", ""],
  ["*", "PATH_INVALID", "", ""],
  ["a\u0007", "PATH_INVALID", "", ""],
  ["\u200c..", "PATH_INVALID", "PATH_INVALID", ""],
  [".\u200d./a", "PATH_INVALID", "PATH_INVALID", ""],
  ["..\ufeff", "", "PATH_INVALID", ""],
  ["a\u200d", "", "", ""],
  ["a\0b", "PATH_INVALID", "PATH_INVALID", "PATH_INVALID"],
];

const SYSTEMS: readonly [FileNameRules, column: 1 | 2 | 3][] = [
  ["windows", 1],
  ["darwin", 2],
  ["posix", 3],
];

for (const [nameRules, column] of SYSTEMS) {
  Deno.test(`OutputDirectory.locate() minds the rules of ${nameRules}`, () => {
    const output = new OutputDirectory("/out", { nameRules });
    for (const row of NAMES) {
      const [name] = row;
      if (row[column] === "") {
        output.locate(name);
        continue;
      }
      const { code } = assertThrows(
        () => output.locate(name),
        PathError,
        undefined,
        JSON.stringify(name),
      );
      assertEquals([name, code], [name, row[column]]);
    }
  });
}
