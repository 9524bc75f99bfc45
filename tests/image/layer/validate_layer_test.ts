import { assertEquals } from "@std/assert";
import { validateLayer } from "@gantry/oci/image/layer";
import { archive, type Entry, streamOf } from "./_archives.ts";

const cases: Readonly<Record<string, [readonly Entry[], readonly string[]]>> = {
  "a good layer": [[
    { name: "./", type: "directory" },
    { name: "a", content: "x" },
    { name: "b", type: "link", linkname: "a" },
    { name: ".wh.c" },
  ], []],
  "two entries of one name": [[{ name: "a" }, { name: "./a" }], ["./a"]],
  "names and links that lead out": [[
    { name: "../a" },
    { name: "b", type: "link", linkname: "../../etc/shadow" },
  ], ["../a", "b"]],
  "a whiteout of nothing": [[{ name: "d/.wh." }], ["d/.wh."]],
};

for (const [what, [entries, paths]] of Object.entries(cases)) {
  Deno.test(`validateLayer() judges ${what}`, async () => {
    const issues = await validateLayer(streamOf(await archive(entries)));
    assertEquals(issues.map(({ path }) => path), paths);
  });
}

Deno.test("validateLayer() goes on to the damage and reports it", async () => {
  const bytes = await archive([{ name: "/a" }, { name: "b" }]);
  const issues = await validateLayer(streamOf(bytes.slice(0, -1024)));
  assertEquals(issues.map(({ path }) => path), ["/a", ""]);
});
