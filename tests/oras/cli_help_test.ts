import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import type { Command } from "../../oras/commands/_command.ts";
import { PROGRAM } from "../../oras/commands/table.ts";
import { runGantry } from "../_support/gantry.ts";

function* leaves(
  command: Command,
  path: readonly string[],
): Generator<{ command: Command; path: readonly string[] }> {
  if (command.verbatim) return;
  if (command.commands === undefined) yield { command, path };
  for (const child of command.commands ?? []) {
    yield* leaves(child, [...path, child.name]);
  }
}

Deno.test("version prints three aligned lines", async () => {
  const { code, stderr, stdout } = await runGantry(["version"]);
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  const lines = stdout.split("\n");
  assertEquals(lines[0], `Version:      ${config.version}`);
  assertEquals(lines[1], `Deno version: ${Deno.version.deno}`);
  assert(/^OS\/Arch: {6}[a-z]+\/[a-z0-9]+$/.test(lines[2]!));
  assertEquals(lines.length, 4);
});

Deno.test("version takes no notice of arguments but says so", async () => {
  const { code, stderr } = await runGantry(["version", "x"]);
  assertEquals(code, 0);
  assertEquals(
    stderr,
    'warning: `gantry version` requires no argument, "x" will be ignored\n',
  );
});

Deno.test("help of every command lists its usage, its examples and all its flags", async () => {
  for (const { command, path } of leaves(PROGRAM, [])) {
    const { code, stderr, stdout } = await runGantry([...path, "--help"]);
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    assert(stdout.startsWith(`${command.purpose}\n`), path.join(" "));
    assertStringIncludes(stdout, `gantry ${path.join(" ")} ${command.usage}\n`);
    for (const { line } of command.examples ?? []) {
      assertStringIncludes(stdout, `  gantry ${line}\n`);
    }
    for (const flag of command.flags ?? []) {
      assertEquals(
        new RegExp(`^.{6}--${flag.name}\\b`, "m").test(stdout),
        flag.hidden !== true,
        `${path.join(" ")} --${flag.name}`,
      );
    }
  }
});

Deno.test("help tells that a value which can be left out is given after =", async () => {
  const { stdout } = await runGantry(["serve", "--help"]);
  assertStringIncludes(stdout, "--access-log[=format] ");
  assertStringIncludes(stdout, "--immutable-tags[=patterns] ");
});

Deno.test("the table names no flag, letter or alias twice, and its examples parse", async () => {
  const { parseLine } = await import("../../oras/commands/_parser.ts");
  for (const { command, path } of leaves(PROGRAM, [])) {
    const flags = command.flags ?? [];
    const names = flags.map(({ name }) => name);
    const letters = flags.flatMap(({ short }) => short ?? []);
    assertEquals(new Set(names).size, names.length);
    assertEquals(new Set([...letters, "h"]).size, letters.length + 1);
    for (const { line } of command.examples ?? []) {
      assert(line.startsWith(path.join(" ")), line);
      const { args } = parseLine(
        line.split(" ").slice(path.length),
        flags,
      );
      assert(args.length >= (command.arity?.min ?? 0), line);
    }
  }
});

Deno.test("gantry, help and -h print the same page; help finds commands by alias", async () => {
  const page = await runGantry([]);
  assertEquals(page.code, 0);
  assertEquals(await runGantry(["help"]), page);
  assertEquals(await runGantry(["-h"]), page);
  assertEquals(await runGantry(["help", "help"]), page);
  const tags = await runGantry(["help", "repository", "show-tags"]);
  assertEquals(await runGantry(["repo", "tags", "-h"]), tags);
  assertEquals(await runGantry(["repo", "help"]), await runGantry(["repo"]));
});

Deno.test("what cannot be parsed is refused with exit code 1 and a hint", async () => {
  const cases: readonly [string[], string][] = [
    [["nope"], 'Error: unknown command "nope" for "gantry"\nRun'],
    [["psh"], "Did you mean this?\n\tpush\n"],
    [["repo", "tgas"], 'unknown command "tgas" for "gantry repo"\n\nDid you'],
    [["-x"], "Error: unknown shorthand flag: 'x' in -x\n"],
    [["--version"], "Error: unknown flag: --version\n"],
    [["push", "--oci-image", "x"], "Error: unknown flag: --oci-image\n"],
    [["pull", "--ouptut=x"], "Did you mean --output?\n"],
    [
      ["push"],
      'Error: "gantry push" requires at least 1 argument but got 0\nUsage: gantry push [flags] <name>',
    ],
    [
      ["pull", "a", "b"],
      'Error: "gantry pull" requires exactly 1 argument but got 2\nUsage: ',
    ],
    [
      ["pull", "oci-archive:x.tar:v1"],
      'Error: "oci-archive:x.tar:v1": only cp and validate take archives\nRead',
    ],
    [["serve", "x"], 'Error: "gantry serve" takes no arguments but got 1\n'],
    [
      ["push", "--image-spec=v9", "x"],
      'Error: invalid argument "v9" for "--image-spec" flag: unknown image specification flag: v9\n',
    ],
    [["push", "localhost/x", "--format=yaml"], 'invalid format type: "yaml"\n'],
    [
      ["push", "localhost/x", "--format=yaml"],
      "supported types: json, go-template, text\n",
    ],
    [
      ["pull", "localhost/x:1", "--format=go-template"],
      'Error: "go-template" format specified but no template given\n',
    ],
    [
      ["pull", "localhost/x:1", "--format=json", "--template={{.}}"],
      "Error: --template must be used with --format go-template\n",
    ],
    [
      ["pull", "localhost/x:1", "--format=go-template={{.}"],
      "Error: template: format output:1: ",
    ],
  ];
  for (const [args, message] of cases) {
    const { code, stderr, stdout } = await runGantry(args);
    assertEquals({ code, stdout }, { code: 1, stdout: "" });
    assertStringIncludes(stderr, message);
  }
});

Deno.test("--verbose is parsed, and its deprecation told on stderr", async () => {
  const { stderr } = await runGantry(["pull", "-v"]);
  assert(stderr.startsWith(
    "Flag --verbose has been deprecated, and will be removed in a future release.\n",
  ));
});
