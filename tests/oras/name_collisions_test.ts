import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import type { FileNameRules } from "@gantry/oci/image/layer";
import {
  copy,
  CopyError,
  MemoryStore,
  PathError,
  push,
} from "@gantry/oci/oras";
import { FileStore } from "@gantry/oci/oras/node";
import { fixture, pushByHand } from "./_fixture.ts";

/** Two titles, and the platforms where they are one file, or one is the other's directory. */
const TITLES: readonly [string, string, readonly FileNameRules[]][] = [
  ["A", "a", ["windows", "darwin"]],
  ["dir/README", "DIR/readme", ["windows", "darwin"]],
  ["A", "a/b", ["windows", "darwin"]],
  ["É", "é", ["windows", "darwin"]],
  ["caf\u00e9", "cafe\u0301", ["darwin"]],
  ["a\u200db", "ab", ["darwin"]],
  ["a\\b", "a/b", ["windows"]],
  ["A/x", "a/y", []],
  ["ß", "ss", []],
];
const RULES = ["windows", "darwin", "posix"] as const;

for (const [one, other, platforms] of TITLES) {
  for (const nameRules of RULES) {
    const collide = platforms.includes(nameRules);
    const titles = `${JSON.stringify(one)} and ${JSON.stringify(other)}`;
    Deno.test(`pull() ${collide ? "refuses" : "writes"} ${titles} by the rules of ${nameRules}`, async () => {
      await using setting = await fixture();
      const { folder, names, registry } = setting;
      await pushByHand(setting, "team/app", [
        { title: one, content: "1" },
        { title: other, content: "2" },
      ]);
      const pull = () =>
        registry.pull("team/app", { outdir: join(folder, "out"), nameRules });
      if (!collide) return assertEquals((await pull()).length, 2);
      const error = await assertRejects(pull, PathError);
      assertEquals(error.code, "PATH_DUPLICATE");
      assertEquals(await names(), [], "Nothing has been written");
    });
  }
}

Deno.test("pull() takes one content of two spellings for one file", async () => {
  await using setting = await fixture();
  await pushByHand(setting, "team/app", [
    { title: "A", content: "1" },
    { title: "a", content: "1" },
  ]);
  const outdir = join(setting.folder, "out");
  const paths = await setting.registry.pull("team/app", {
    outdir,
    nameRules: "windows",
  });
  assertEquals(paths, [join(outdir, "A")]);
});

Deno.test("FileStore refuses two contents that would be one file", async () => {
  const store = new MemoryStore();
  await push(store, {
    tags: ["v1"],
    files: [{ title: "A", content: "1" }, { title: "a", content: "2" }],
  });
  for (const nameRules of RULES) {
    await using setting = await fixture();
    const target = new FileStore(setting.folder, { nameRules });
    if (nameRules === "posix") {
      await copy(store, "v1", target);
      assertEquals(await setting.names(), ["A", "a"]);
      continue;
    }
    const error = await assertRejects(
      () => copy(store, "v1", target),
      CopyError,
    );
    assertEquals(error.code, "PATH_DUPLICATE");
    assertStringIncludes(error.message, "is one file here with");
  }
});
