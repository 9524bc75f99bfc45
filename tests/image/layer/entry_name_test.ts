import { assertEquals, assertThrows } from "@std/assert";
import { parseEntryName, UnsafeEntryError } from "@gantry/oci/image/layer";

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

Deno.test("parseEntryName() refuses what Windows reads otherwise, when asked", () => {
  const names = [
    "C:\\x",
    "C:x",
    "a\\b",
    "..\\x",
    "a:stream",
    "a.",
    "a ",
    "a/b./c",
    "NUL",
    "nul.txt",
    "com1",
    "LPT9.log",
    "COM¹",
    "a?",
    "a\x01",
  ];
  for (const name of names) {
    parseEntryName(name);
    assertThrows(
      () => parseEntryName(name, { windows: true }),
      UnsafeEntryError,
    );
  }
  for (const name of ["a.b", "null", "console", "com", "com10"]) {
    assertEquals(parseEntryName(name, { windows: true }), [name]);
  }
});
