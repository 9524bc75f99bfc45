import { assertEquals, assertThrows } from "@std/assert";
import { CommandError } from "../../oras/commands/_errors.ts";
import type { Flag } from "../../oras/commands/_flag.ts";
import { parseLine } from "../../oras/commands/_parser.ts";

const FLAGS: readonly Flag[] = [
  { name: "output", short: "o", kind: "string", preset: ".", purpose: "" },
  { name: "debug", short: "d", kind: "bool", purpose: "" },
  { name: "keep", short: "k", kind: "bool", purpose: "" },
  { name: "plain-http", kind: "bool", preset: true, purpose: "" },
  { name: "header", short: "H", kind: "stringArray", purpose: "" },
  { name: "media-type", kind: "strings", purpose: "" },
  { name: "concurrency", kind: "int", preset: 3, purpose: "" },
  { name: "color", kind: "string", bare: "always", purpose: "" },
  {
    name: "verbose",
    short: "v",
    kind: "bool",
    preset: true,
    hidden: true,
    deprecated: "and will go.",
    purpose: "",
  },
];

Deno.test("parseLine() follows pflag's rules", () => {
  const cases: readonly [string[], string[], Record<string, unknown>][] = [
    [["a", "-o", "x", "b"], ["a", "b"], { output: "x" }],
    [["--output=x=y"], [], { output: "x=y" }],
    [["--output="], [], { output: "" }],
    [["--output", "-x"], [], { output: "-x" }],
    [["-ox"], [], { output: "x" }],
    [["-o=x"], [], { output: "x" }],
    [["-o="], [], { output: "=" }],
    [["-dko", "x"], [], { debug: true, keep: true, output: "x" }],
    [["-dox"], [], { debug: true, output: "x" }],
    [["-d=false", "-k"], [], { debug: false, keep: true }],
    [["--debug", "false"], ["false"], { debug: true }],
    [["--plain-http=false"], [], { "plain-http": false }],
    [["--plain-http=T"], [], { "plain-http": true }],
    [["--output=1", "--output=2"], [], { output: "2" }],
    [["-H", "a: 1,2", "-H=b: 3"], [], { header: ["a: 1,2", "b: 3"] }],
    [["--media-type=a,b", "--media-type", "c"], [], {
      "media-type": ["a", "b", "c"],
    }],
    [["--concurrency", "-1"], [], { concurrency: -1 }],
    [["--concurrency=0x10"], [], { concurrency: 16 }],
    [["--color", "never"], ["never"], { color: "always" }],
    [["--color=never"], [], { color: "never" }],
    [["a", "--", "--debug", "-k"], ["a", "--debug", "-k"], { debug: false }],
    [["-", "x"], ["-", "x"], {}],
    [[], [], { output: ".", concurrency: 3, "plain-http": true, debug: false }],
  ];
  for (const [tokens, args, values] of cases) {
    const line = parseLine(tokens, FLAGS);
    assertEquals(line.args, args, tokens.join(" "));
    for (const [name, value] of Object.entries(values)) {
      const { kind } = FLAGS.find((flag) => flag.name === name)!;
      const seen = kind === "bool"
        ? line.flags.bool(name)
        : kind === "int"
        ? line.flags.int(name)
        : kind === "string"
        ? line.flags.text(name)
        : line.flags.list(name);
      assertEquals(seen, value, `${tokens.join(" ")}: ${name}`);
    }
  }
});

Deno.test("parseLine() refuses what pflag refuses, in its words", () => {
  const cases: readonly [string[], string][] = [
    [["--nope"], "unknown flag: --nope"],
    [["--nope=1"], "unknown flag: --nope"],
    [["-z"], "unknown shorthand flag: 'z' in -z"],
    [["-dzk"], "unknown shorthand flag: 'z' in -zk"],
    [["-d="], "unknown shorthand flag: '=' in -="],
    [["--output"], "flag needs an argument: --output"],
    [["-do"], "flag needs an argument: 'o' in -o"],
    [["---x"], "bad flag syntax: ---x"],
    [["--=x"], "bad flag syntax: --=x"],
    [
      ["--concurrency=x"],
      'invalid argument "x" for "--concurrency" flag: strconv.ParseInt: parsing "x": invalid syntax',
    ],
    [
      ["-d=maybe"],
      'invalid argument "maybe" for "-d, --debug" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
    ],
  ];
  for (const [tokens, message] of cases) {
    const error = assertThrows(() => parseLine(tokens, FLAGS), CommandError);
    assertEquals(error.message, message);
  }
});

Deno.test("parseLine() hints at the flag that was meant, and at none that is hidden", () => {
  const hint = (token: string) =>
    assertThrows(() => parseLine([token], FLAGS), CommandError).hint;
  assertEquals(hint("--outptu"), "Did you mean --output?");
  assertEquals(hint("--verbos"), undefined);
  assertEquals(hint("--something-else"), undefined);
});

Deno.test("parseLine() tells of deprecated flags", () => {
  assertEquals(parseLine(["-v"], FLAGS).notices, [
    "Flag --verbose has been deprecated, and will go.",
  ]);
});
