import { assert, assertEquals } from "@std/assert";
import { ROOT } from "../_support/imports.ts";

const HEADING = "\n## What makes an ORAS SDK\n";
const LEVELS = ["core", "recommended", "optional"];

/** How many features are asked for at each level; packing and extraction are one. */
const ASKED = { core: 4, recommended: 4, optional: 1 };

const TEST =
  /^ {2}- `([^`]+)`\s+in\s+\[[^\]]+\]\(\.\.\/(tests\/[^)]+_test\.ts)\)$/gm;

Deno.test("oras/README.md names tests that exist for every feature of an ORAS SDK", async () => {
  const text = await Deno.readTextFile(new URL("oras/README.md", ROOT));
  const section = text.split(HEADING)[1]?.split("\n## ")[0];
  assert(section !== undefined, "There is the section");
  const rows = section.split("\n")
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .filter(([, , level]) => LEVELS.includes(level ?? ""));
  const asked = Object.groupBy(rows, ([, , level]) => level!);
  assertEquals(
    Object.fromEntries(LEVELS.map((one) => [one, asked[one]?.length])),
    ASKED,
  );
  const lists = new Map(
    section.split("\n- ").slice(1).map((list) => {
      const [feature, ...tests] = list.split(":\n");
      return [feature, tests.join(":\n")];
    }),
  );
  assertEquals([...lists.keys()], rows.map(([, feature]) => feature));
  for (const [feature, list] of lists) {
    const tests = [...list.matchAll(TEST)];
    const items = list.match(/^ {2}- /gm)?.length ?? 0;
    assert(tests.length > 0, `${feature} has a test`);
    assertEquals(tests.length, items, `${feature}: each item names a test`);
    for (const [, name, path] of tests) await assertTest(name!, path!);
  }
});

/** A file has the test, by its name: whole, or with what a loop appends. */
async function assertTest(name: string, path: string): Promise<void> {
  const source = await Deno.readTextFile(new URL(path, ROOT));
  const quoted = JSON.stringify(name);
  const found = [`Deno.test(${quoted},`, `name: ${quoted},`, `${quoted},`]
    .some((text) => source.includes(text));
  assert(found, `${path} has no test ${quoted}`);
}
