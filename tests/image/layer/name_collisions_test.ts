import { assertEquals, assertRejects } from "@std/assert";
import { type FileNameRules, UnsafeEntryError } from "@gantry/oci/image/layer";
import { extractDirectory } from "@gantry/oci/image/layer/node";
import { archive, type Entry, streamOf } from "./_archives.ts";
import { temporaryDirectory } from "./_directories.ts";

const ROOT: Entry = { name: "d/", type: "directory" };

/** Archives, with the entry that is refused where names are not what they look like. */
const ARCHIVES: Readonly<
  Record<string, {
    readonly entries: readonly Entry[];
    readonly entry: string;
    readonly rules: readonly FileNameRules[];
  }>
> = {
  "two files of different case": {
    entries: [{ name: "d/A", content: "1" }, { name: "d/a", content: "2" }],
    entry: "d/a",
    rules: ["windows", "darwin"],
  },
  "files in directories of different case": {
    entries: [{ name: "d/X/a", content: "1" }, { name: "d/x/b", content: "2" }],
    entry: "d/x/b",
    rules: ["windows", "darwin"],
  },
  "a link of the name of a file": {
    entries: [
      { name: "d/A", content: "1" },
      { name: "d/a", type: "symlink", linkname: "b" },
    ],
    entry: "d/a",
    rules: ["windows", "darwin"],
  },
  "a hard link of the name of another file": {
    entries: [
      { name: "d/A", content: "1" },
      { name: "d/b", content: "2" },
      { name: "d/a", type: "link", linkname: "d/b" },
    ],
    entry: "d/a",
    rules: ["windows", "darwin"],
  },
  "a file of the name of a link, to write through it": {
    entries: [
      { name: "d/L", type: "symlink", linkname: "." },
      { name: "d/l/x", content: "1" },
    ],
    entry: "d/l/x",
    rules: ["windows", "darwin"],
  },
  "a name composed and decomposed": {
    entries: [
      { name: "d/\u00e9", content: "1" },
      { name: "d/e\u0301", content: "2" },
    ],
    entry: "d/e\u0301",
    rules: ["darwin"],
  },
  "a device": {
    entries: [{ name: "d/NUL.txt", content: "1" }],
    entry: "d/NUL.txt",
    rules: ["windows"],
  },
  "a stream of a file": {
    entries: [{ name: "d/a:b", content: "1" }],
    entry: "d/a:b",
    rules: ["windows"],
  },
  "a way out by backslashes": {
    entries: [{ name: "d/..\\..\\x", content: "1" }],
    entry: "d/..\\..\\x",
    rules: ["windows"],
  },
  "a link out by backslashes": {
    entries: [{ name: "d/l", type: "symlink", linkname: "..\\..\\x" }],
    entry: "d/l",
    rules: ["windows"],
  },
  "a link to another drive": {
    entries: [{ name: "d/l", type: "symlink", linkname: "C:x" }],
    entry: "d/l",
    rules: ["windows"],
  },
  "a way out behind marks that are not seen": {
    entries: [{ name: "d/.\u200c./x", content: "1" }],
    entry: "d/.\u200c./x",
    rules: ["windows", "darwin"],
  },
};

for (const [what, { entries, entry, rules }] of Object.entries(ARCHIVES)) {
  for (const nameRules of ["windows", "darwin", "posix"] as const) {
    const refuses = rules.includes(nameRules);
    Deno.test(`extractDirectory() ${refuses ? "refuses" : "unpacks"} ${what} by the rules of ${nameRules}`, async () => {
      await using folder = await temporaryDirectory();
      const bytes = await archive([ROOT, ...entries]);
      const unpack = () =>
        extractDirectory(streamOf(bytes), `${folder.path}/out`, {
          prefix: "d",
          nameRules,
        });
      if (!refuses) {
        assertEquals((await unpack()).entries, entries.length + 1);
        return;
      }
      const error = await assertRejects(unpack, UnsafeEntryError);
      assertEquals(error.entry, entry);
    });
  }
}

Deno.test("extractDirectory() replaces a file of the very same name by any rules", async () => {
  await using folder = await temporaryDirectory();
  const bytes = await archive([
    { name: "A", content: "1" },
    { name: "./A", content: "2" },
  ]);
  for (const nameRules of ["windows", "darwin", "posix"] as const) {
    const out = `${folder.path}/${nameRules}`;
    await extractDirectory(streamOf(bytes), out, { nameRules });
    assertEquals(await Deno.readTextFile(`${out}/A`), "2");
  }
});
