import { assertEquals, assertThrows } from "@std/assert";
import { globTest } from "../../oras/_glob.ts";

/** Patterns, with names that they match and names that they do not. */
const VECTORS: readonly (readonly [
  pattern: string,
  matching: readonly string[],
  others: readonly string[],
])[] = [
  ["a.txt", ["a.txt"], ["a_txt", "b/a.txt", "a.txt\n", "xa.txt"]],
  ["*.txt", ["a.txt", ".txt"], ["a.txt.gz", "b/a.txt"]],
  ["**.txt", ["a.txt", "b/c/a.txt"], ["a.md"]],
  ["**/a", ["a", "b/a", "b/c/a"], ["ba", "b/a/c"]],
  ["b/**", ["b/a", "b/c/a"], ["b", "cb/a"]],
  ["b/**/a", ["b/a", "b/c/a", "b/c/d/a"], ["bxa", "b/ca"]],
  ["?.txt", ["a.txt"], ["ab.txt", "/.txt"]],
  ["?\u{1f4e6}[\u{1f34a}\u{1f34b}]", ["\u{1f34a}\u{1f4e6}\u{1f34b}"], [
    "\u{1f4e6}",
  ]],
  ["**/b/**/*a*", ["b/a", "c/b/d/xax", "b/b/a"], ["b", "cb/a", "b/a/c"]],
  ["[a-c].md", ["a.md", "c.md"], ["d.md", "-.md"]],
  ["[!a-c].md", ["d.md"], ["a.md", "/.md"]],
  ["[]x]", ["]", "x"], ["y"]],
  ["[\\]", ["\\"], ["x"]],
  ["{a,b}.{md,txt}", ["a.md", "b.txt"], ["c.md", "a.", "{a,b}.md"]],
  ["{a,b{c,d}}", ["a", "bc", "bd"], ["b", "c"]],
  ["a{,.gz}", ["a", "a.gz"], ["a."]],
  ["\\*\\{", ["*{"], ["a{"]],
  ["a+(b)|c$", ["a+(b)|c$"], ["aab", "c"]],
  ["[{,}]", ["{", ",", "}"], ["a"]],
  ["}", ["}"], [""]],
];

for (const [pattern, matching, others] of VECTORS) {
  Deno.test(`globTest() matches what ${pattern} stands for`, () => {
    const test = globTest(pattern);
    for (const name of matching) assertEquals(test(name), true, name);
    for (const name of others) assertEquals(test(name), false, name);
  });
}

Deno.test("globTest() refuses what is no pattern", () => {
  for (const pattern of ["[a", "{a,b", "[", "[!", "[z-a]", "{{a,b}"]) {
    assertThrows(() => globTest(pattern), TypeError, "Cannot read pattern");
  }
  assertThrows(() => globTest("{a,b}".repeat(12)), TypeError, "alternatives");
});

Deno.test("globTest() matches no name that is too long", () => {
  assertEquals(globTest("**")("a".repeat(5000)), false);
});

Deno.test("globTest() tells soon of a name that almost matches in many ways", () => {
  assertEquals(globTest("*a*a*a*a*a*a*b")("a".repeat(4096)), false);
  assertEquals(globTest("**/a/**/a/**/b")("a/".repeat(2048)), false);
});
