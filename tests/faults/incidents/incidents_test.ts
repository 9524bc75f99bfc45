import { assert, assertEquals } from "@std/assert";
import { INCIDENTS } from "./_incidents.ts";

const sources = new Map<string, string>();

async function sourceOf(file: string): Promise<string> {
  let source = sources.get(file);
  if (source === undefined) {
    source = await Deno.readTextFile(new URL(`../../${file}`, import.meta.url));
    // Names are written over several lines where they are long.
    source = source.replace(/\$\{\s*([^{}]*?)\s*\}/g, "${$1}");
    sources.set(file, source);
  }
  return source;
}

for (const { known, tests, what } of INCIDENTS) {
  Deno.test(`${known}: ${what}; its tests are there`, async () => {
    assert(tests.length > 0);
    for (const [file, name] of tests) {
      assert(file.endsWith("_test.ts"), file);
      assert(
        (await sourceOf(file)).includes(name),
        `${file} has no test "${name}"`,
      );
    }
  });
}

Deno.test("every incident is listed once", () => {
  const known = INCIDENTS.map(({ known }) => known);
  assertEquals(known, [...new Set(known)]);
  assert(known.length >= 23);
});
