import { assertEquals, assertThrows } from "@std/assert";
import {
  type FileNameRules,
  nameKey,
  parseEntryName,
  UnsafeEntryError,
} from "@gantry/oci/image/layer";

Deno.test("parseEntryName() splits names", () => {
  const names: Record<string, string[]> = {
    a: ["a"],
    "a/b": ["a", "b"],
    "./a//b/./c/": ["a", "b", "c"],
    ".": [],
    "./": [],
    "...": ["..."],
    "a..b/..c": ["a..b", "..c"],
    " a ": [" a "],
    "a\nb": ["a\nb"],
    "C:\\x": ["C:\\x"],
  };
  for (const [name, parts] of Object.entries(names)) {
    assertEquals(parseEntryName(name), parts);
  }
});

Deno.test("parseEntryName() refuses what reaches out", () => {
  const names = [
    "",
    "/",
    "/a",
    "//a",
    "..",
    "../a",
    "a/..",
    "a/../b",
    "./..",
    "a\0",
  ];
  for (const name of names) {
    const error = assertThrows(() => parseEntryName(name), UnsafeEntryError);
    assertEquals(error.entry, name);
  }
});

Deno.test("parseEntryName() counts bytes", () => {
  assertEquals(parseEntryName("éé", { maxLength: 4 }), ["éé"]);
  assertThrows(() => parseEntryName("ééé", { maxLength: 5 }), UnsafeEntryError);
  assertThrows(() => parseEntryName("x".repeat(4097)), UnsafeEntryError);
});

/** Names that are refused by the rules of Windows, and are plain ones elsewhere. */
const NOT_ON_WINDOWS = [
  // Drives, streams and what else a colon is for.
  ...["C:\\x", "C:x", "C:", "c:/x", "a:stream", "a::$DATA", "a/b:c"],
  // The other separator, and what it begins.
  ...["a\\b", "..\\x", "a\\..\\..\\b", "\\x", "\\\\server\\share\\x"],
  ...["\\\\?\\C:\\x", "\\\\.\\PhysicalDrive0", "\\??\\C:\\x"],
  // What is dropped from the end of a part.
  ...["a.", "a ", "a..", "a. .", "a/b./c", "a /b", "...", " "],
  // Devices, whatever their case and whatever follows a dot.
  ...["CON", "PRN", "AUX", "NUL", "nul", "Nul.txt", "a/con", "con/a"],
  ...["COM1", "com9", "COM0", "COM¹", "com².log", "COM³"],
  ...["LPT1", "lpt9.log", "LPT¹", "lpt².x", "LPT³"],
  ...["CONIN$", "conout$", "CONIN$.txt"],
  ...["AUX .txt", "nul  .tar.gz", "com1 .a b", "NUL..a"],
  // Characters of its own.
  ...["a<", "a>b", 'a"', "a|b", "a?", "*"],
  ...["a\x01", "a\tb", "a\nb", "\x1f"],
];

Deno.test("parseEntryName() refuses what Windows reads otherwise, when asked", () => {
  for (const name of NOT_ON_WINDOWS) {
    parseEntryName(name);
    parseEntryName(name, { rules: "darwin" });
    const error = assertThrows(
      () => parseEntryName(name, { rules: "windows" }),
      UnsafeEntryError,
      undefined,
      name,
    );
    assertEquals(error.entry, name);
  }
  const fine = ["a.b", ".a", "null", "console", "com", "com10", "com1a"];
  for (const name of [...fine, "auxiliary", "a.con", "CONIN", "é", "a b"]) {
    assertEquals(parseEntryName(name, { rules: "windows" }), [name]);
  }
});

Deno.test("parseEntryName() sees dots behind marks that HFS+ does not see, when asked", () => {
  for (
    const name of [
      "\u200c..",
      ".\u200d.",
      "..\ufeff",
      "a/.\u202a.\u206f/b",
      "\u200b\u200e".slice(1),
      ".\u200f",
    ]
  ) {
    parseEntryName(name);
    assertThrows(
      () => parseEntryName(name, { rules: "darwin" }),
      UnsafeEntryError,
    );
  }
  for (const name of ["...", "a\u200d", "..a", "C:x", "NUL", "a."]) {
    assertEquals(parseEntryName(name, { rules: "darwin" }), [name]);
  }
});

/** Two names, and where they are one file. */
const PAIRS: readonly [string, string, windows: boolean, darwin: boolean][] = [
  ["a", "b", false, false],
  ["a", "a", true, true],
  ["A", "a", true, true],
  ["README", "ReadMe", true, true],
  ["É", "é", true, true],
  ["Σ", "σ", true, true],
  ["Σ", "ς", true, true],
  ["Я", "я", true, true],
  ["\u00e9", "e\u0301", false, true],
  ["\u00c9", "e\u0301", false, true],
  ["\u1e9b\u0323", "\u017f\u0323\u0307", false, true],
  ["\uac00", "\u1100\u1161", false, true],
  ["a\u200db", "ab", false, true],
  ["\ufeffa", "a", false, true],
  ["ß", "ss", false, false],
  ["ﬁ", "fi", false, false],
  ["\u0131", "i", false, false],
  ["ａ", "a", false, false],
  ["a", "a ", false, false],
  ["dir/A", "dir/a", true, true],
];

Deno.test("nameKey() says which names are one file, by the rules of each platform", () => {
  for (const [one, other, windows, darwin] of PAIRS) {
    const same = (rules: FileNameRules) =>
      nameKey(one, rules) === nameKey(other, rules);
    assertEquals(
      [one, other, same("windows"), same("darwin"), same("posix")],
      [one, other, windows, darwin, one === other],
    );
  }
});
