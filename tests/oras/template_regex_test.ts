import { assertEquals, assertThrows } from "@std/assert";
import { GoRegex } from "../../oras/commands/template/regex.ts";

/** Pattern, text, and all that is found; seen with Go's package regexp. */
const FOUND: readonly [string, string, readonly string[]][] = [
  ["a+", "baaac", ["aaa"]],
  ["x*", "axb", ["", "x", ""]],
  ["(a|ab)(c|bcd)(d*)", "abcd", ["abcd"]],
  ["(a|b)*?c", "ababc", ["ababc"]],
  ["(|a)+", "aaa", ["", "", "", ""]],
  ["(a|)+", "aab", ["aa", ""]],
  ["a{2,3}", "aaaa", ["aaa"]],
  ["a{2,3}?", "aaaa", ["aa", "aa"]],
  ["a{,3}", "a{,3}", ["a{,3}"]],
  ["x{0}y", "xy", ["y"]],
  ["(?U)a+", "aaa", ["a", "a", "a"]],
  ["^a.c$", "a\nc", []],
  ["(?s)^a.c$", "a\nc", ["a\nc"]],
  ["(?m)^b$", "a\nb\nc", ["b"]],
  ["a(?i)b|c", "aC", ["C"]],
  ["(a(?i)b)c", "aBC", []],
  ["(?i)[a-c]+", "ABCd", ["ABC"]],
  ["(?i)k", "\u212a", ["\u212a"]],
  ["\\bfoo\\b", "afoo foo", ["foo"]],
  ["\\Aab\\z", "ab", ["ab"]],
  ["\\w+", " é_a1", ["_a1"]],
  ["\\s+", "a \t\vb", [" \t"]],
  ["\\pL+|\\p{^Latin}", "éa1", ["éa", "1"]],
  ["\\p{Greek}+", "aαβ", ["αβ"]],
  ["[[:alpha:]]+", "12ab", ["ab"]],
  ["[^[:space:]]+", " ab ", ["ab"]],
  ["[]a-]+", "b]a-", ["]a-"]],
  ["[\\w.-]+", "a.b-c d", ["a.b-c", "d"]],
  ["\\Qa.b\\E+", "a.bbb", ["a.bbb"]],
  ["\\x41\\x{42}\\103", "ABC", ["ABC"]],
  ["😀+", "a😀😀", ["😀😀"]],
];

Deno.test("GoRegex.findAll() finds what Go's package regexp finds", () => {
  for (const [pattern, text, expected] of FOUND) {
    const regex = new GoRegex(pattern);
    assertEquals(regex.findAll(text, -1), expected, pattern);
    assertEquals(regex.find(text), expected[0], pattern);
    assertEquals(regex.test(text), expected.length > 0, pattern);
  }
  assertEquals(new GoRegex("a").findAll("aaa", 2), ["a", "a"]);
});

Deno.test("GoRegex refuses what Go's package regexp refuses, in its words", () => {
  const cases = [
    ["(?=a)", "invalid or unsupported Perl syntax: `(?=`"],
    ["(?>a)", "invalid or unsupported Perl syntax: `(?>`"],
    ["(?<!a)b", "invalid named capture: `(?<!a)b`"],
    ["(a)\\1", "invalid escape sequence: `\\1`"],
    ["a**", "invalid nested repetition operator: `**`"],
    ["*a", "missing argument to repetition operator: `*`"],
    ["(a", "missing closing ): `(a`"],
    ["a)", "unexpected ): `a)`"],
    ["[a", "missing closing ]: `[a`"],
    ["[z-a]", "invalid character class range: `z-a`"],
    ["\\pX", "invalid character class range: `\\pX`"],
    ["a{1001}", "invalid repeat count: `{1001}`"],
    ["\\", "trailing backslash at end of expression: ``"],
    ["(a{1000}){1000}", "expression too large: `(a{1000}){1000}`"],
  ] as const;
  for (const [pattern, reason] of cases) {
    assertThrows(
      () => new GoRegex(pattern),
      Error,
      `error parsing regexp: ${reason}`,
    );
  }
  assertThrows(() => new GoRegex("(".repeat(1e5) + ")".repeat(1e5)), Error);
});

Deno.test("GoRegex splits and replaces as Go's package regexp does", () => {
  const cases: [string, string, string[], string][] = [
    ["(a*)*", "aab", ["", "b"], "<aa-aa>b<->"],
    ["\\d+", "a12b345", ["a", "b", ""], "a<12->b<345->"],
    ["", "ab", ["a", "b"], "<->a<->b<->"],
    ["(x)?b", "b", ["", ""], "<b->"],
  ];
  for (const [pattern, text, pieces, replaced] of cases) {
    const regex = new GoRegex(pattern);
    assertEquals(regex.split(text, -1), pieces, pattern);
    assertEquals(regex.replaceAll(text, "<${0}-$1>"), replaced, pattern);
  }
  const regex = new GoRegex("(?P<key>\\w)=(\\w)");
  assertEquals(regex.replaceAll("a=b", "$2:${key}:$$:$key_:$"), "b:a:$::$");
  assertEquals(regex.replaceAllLiteral("a=b", "$2"), "$2");
});

Deno.test("GoRegex takes no longer for a pattern that others try for ever", () => {
  // Each of these would take a backtracking engine longer than the sun will shine.
  assertEquals(new GoRegex("(a+)+$").test(`${"a".repeat(5000)}b`), false);
  assertEquals(new GoRegex("(a|aa)*c").test("a".repeat(5000)), false);
  assertEquals(new GoRegex("(.*.*.*)x").test("a".repeat(5000)), false);
  assertEquals(
    new GoRegex("(a?){50}a{50}").find("a".repeat(50)),
    "a".repeat(50),
  );
});
