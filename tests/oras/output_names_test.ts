import { assertEquals, assertThrows } from "@std/assert";
import { PathError } from "@gantry/oci/oras";
import { OutputDirectory } from "@gantry/oci/oras/node";

/** Names, and how they are refused on Windows and elsewhere; "" where they are not. */
const NAMES: readonly [name: string, windows: string, other: string][] = [
  ["a/b.txt", "", ""],
  ["a b/.c", "", ""],
  ["console/com10", "", ""],
  ["a\\b", "", ""],
  ["../a", "PATH_TRAVERSAL", "PATH_TRAVERSAL"],
  ["a/../../b", "PATH_TRAVERSAL", "PATH_TRAVERSAL"],
  ["..\\a", "PATH_TRAVERSAL", ""],
  ["a\\..\\..\\b", "PATH_TRAVERSAL", ""],
  ["/a", "PATH_ABSOLUTE", "PATH_ABSOLUTE"],
  ["\\a", "PATH_ABSOLUTE", "PATH_ABSOLUTE"],
  ["\\\\server\\share", "PATH_ABSOLUTE", "PATH_ABSOLUTE"],
  ["C:\\a", "PATH_ABSOLUTE", "PATH_ABSOLUTE"],
  ["C:a", "PATH_INVALID", ""],
  ["a.txt:stream", "PATH_INVALID", ""],
  ["a/NUL", "PATH_INVALID", ""],
  ["con.txt", "PATH_INVALID", ""],
  ["a./b", "PATH_INVALID", ""],
  ["a ", "PATH_INVALID", ""],
  ["a?", "PATH_INVALID", ""],
];

for (const [column, windows] of [[1, true], [2, false]] as const) {
  const system = windows ? "Windows" : "other systems";
  Deno.test(`OutputDirectory.locate() minds the rules of ${system}`, () => {
    const output = new OutputDirectory("/out", { windows });
    for (const row of NAMES) {
      const [name] = row;
      if (row[column] === "") {
        output.locate(name);
        continue;
      }
      const { code } = assertThrows(() => output.locate(name), PathError);
      assertEquals([name, code], [name, row[column]]);
    }
  });
}
