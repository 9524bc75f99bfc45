import { assertEquals, assertRejects } from "@std/assert";
import { type FileNameRules, UnsafeEntryError } from "@gantry/oci/image/layer";
import {
  applyLayer,
  applyLayers,
  extractDirectory,
} from "@gantry/oci/image/layer/node";
import { archive, type Entry, streamOf } from "./_archives.ts";
import { temporaryDirectory } from "./_directories.ts";

const ROOT: Entry = { name: "d/", type: "directory" };

/** Archives, with the entry that is refused where names are not what they look like. */
const ARCHIVES: Readonly<
  Record<string, {
    readonly entries: readonly Entry[];
    readonly entry: string;
    readonly rules: readonly FileNameRules[];
    /** Whether only `extractDirectory()` minds where links lead. */
    readonly isLink?: boolean;
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
    isLink: true,
  },
  "a link to another drive": {
    entries: [{ name: "d/l", type: "symlink", linkname: "C:x" }],
    entry: "d/l",
    rules: ["windows"],
    isLink: true,
  },
  "a way out behind marks that are not seen": {
    entries: [{ name: "d/.\u200c./x", content: "1" }],
    entry: "d/.\u200c./x",
    rules: ["windows", "darwin"],
  },
};

/** Both ways to unpack, by the rules of a platform. */
const WAYS = {
  extractDirectory: (bytes, path, nameRules) =>
    extractDirectory(streamOf(bytes), path, { nameRules }),
  applyLayer: (bytes, path, nameRules) =>
    applyLayer({ open: () => streamOf(bytes) }, path, { nameRules }),
} satisfies Record<
  string,
  (
    bytes: Uint8Array<ArrayBuffer>,
    path: string,
    nameRules: FileNameRules,
  ) => Promise<{ readonly entries: number }>
>;

for (const [name, unpack] of Object.entries(WAYS)) {
  for (const [what, item] of Object.entries(ARCHIVES)) {
    const { entries, entry, isLink = false, rules } = item;
    for (const nameRules of ["windows", "darwin", "posix"] as const) {
      const refuses = rules.includes(nameRules) &&
        !(isLink && name === "applyLayer");
      const outcome = refuses ? "refuses" : "unpacks";
      Deno.test(`${name}() ${outcome} ${what} by the rules of ${nameRules}`, async () => {
        await using folder = await temporaryDirectory();
        const bytes = await archive([ROOT, ...entries]);
        const run = () => unpack(bytes, `${folder.path}/out`, nameRules);
        if (!refuses) {
          assertEquals((await run()).entries, entries.length + 1);
          return;
        }
        const error = await assertRejects(run, UnsafeEntryError);
        assertEquals(error.entry, entry);
      });
    }
  }
}

Deno.test("applyLayers() refuses a name that is one with a name of a lower layer, unless that is hidden", async () => {
  const layer = async (...entries: Entry[]) => {
    const bytes = await archive(entries);
    return { open: () => streamOf(bytes) };
  };
  const lower = await layer({ name: "d/A", content: "1" });
  const upper = await layer({ name: "d/a", content: "2" });
  const hides = await layer({ name: "d/.wh.A" });
  await using folder = await temporaryDirectory();
  const out = `${folder.path}/out`;
  const options = { nameRules: "darwin" } as const;
  for (const layers of [[lower, upper], [lower, upper, hides]]) {
    const run = () => applyLayers(layers, out, options);
    assertEquals((await assertRejects(run, UnsafeEntryError)).entry, "d/a");
  }
  await applyLayers([lower, hides, upper], out, options);
  assertEquals(await Deno.readTextFile(`${out}/d/a`), "2");
  // What was there before the call counts as a lower layer.
  await assertRejects(
    () => applyLayers([lower], out, options),
    UnsafeEntryError,
    '"a", which is the same here',
  );
});

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
