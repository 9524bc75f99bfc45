import { assert, assertEquals } from "@std/assert";
import { ROOT } from "../_support/imports.ts";

const HEADING = "\n## What makes an ORAS SDK\n";
const LEVELS = ["core", "recommended", "optional"];

Deno.test("oras/README.md names a test that exists for every feature of an ORAS SDK", async () => {
  const text = await Deno.readTextFile(new URL("oras/README.md", ROOT));
  const section = text.split(HEADING)[1]?.split("\n## ")[0];
  assert(section !== undefined, "There is the section");
  const rows = section.split("\n")
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .filter(([, , level]) => LEVELS.includes(level ?? ""));
  assertEquals(rows.length, 9);
  for (const [, feature, , , link] of rows) {
    const found = /^`(.+)` in \[.+\]\(\.\.\/(tests\/.+_test\.ts)\)$/.exec(
      link!,
    );
    assert(found !== null, `${feature} names a test`);
    const [, name, path] = found;
    const source = await Deno.readTextFile(new URL(path!, ROOT));
    assert(source.includes(`Deno.test("${name}"`), `${path} has no "${name}"`);
  }
});
