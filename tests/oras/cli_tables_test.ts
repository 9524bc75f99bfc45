import { assert, assertEquals } from "@std/assert";
import type { Command } from "../../oras/commands/_command.ts";
import { parseLine } from "../../oras/commands/_parser.ts";
import { COMMON } from "../../oras/commands/flags.ts";
import { PROGRAM } from "../../oras/commands/table.ts";
import { runProgram } from "../_support/gantry.ts";
import { found } from "../_support/programs.ts";

const README = new URL("../../oras/README.md", import.meta.url);
const TOOLS = ["oras", "crane", "regctl", "skopeo"];

/** The commands of a program that no Debian has, as its help lists them. */
const REGCTL = `
artifact get, artifact list, artifact put, artifact tree, blob copy, blob delete,
blob diff-config, blob diff-layer, blob get, blob get-file, blob head, blob put,
completion, config get, config set, image check-base, image copy, image create,
image delete, image digest, image export, image get-file, image import,
image inspect, image manifest, image mod, image ratelimit, index add, index create,
index delete, manifest delete, manifest diff, manifest get, manifest head,
manifest put, ref, registry config, registry login, registry logout, registry set,
registry whoami, repo copy, repo ls, tag ls, tag rm, version`;

interface Row {
  readonly line: string;
  /** The other program's words, ours, and what differs. */
  readonly cells: readonly [string, string, string];
}

/** The rows of a section's table, without its head. */
async function rowsOf(tool: string): Promise<readonly Row[]> {
  const readme = await Deno.readTextFile(README);
  const [section] = readme.split(`\n## Coming from ${tool}\n`)[1]!
    .split("\n## ");
  const lines = section!.split("\n").filter((line) => line.startsWith("|"));
  return lines.slice(2).map((line) => {
    const [, theirs = "", ours = "", difference = ""] = line.split("|");
    return { line, cells: [theirs.trim(), ours.trim(), difference.trim()] };
  });
}

function codesOf(cell: string): readonly string[] {
  return Array.from(cell.matchAll(/`([^`]+)`/g), ([, code]) => code!);
}

function find(words: readonly string[]): { command: Command; rest: string[] } {
  let command = PROGRAM;
  const rest = [...words];
  while (command.commands !== undefined) {
    const word = rest.shift();
    const next = command.commands.find(({ name }) => name === word);
    assert(next !== undefined, `no command ${words.join(" ")}`);
    command = next;
  }
  return { command, rest };
}

/** The line of ours that a code in a table is, if it is one. */
function parsed(line: string): Command | undefined {
  if (!line.startsWith("gantry ")) return undefined;
  const { command, rest } = find(line.split(" ").slice(1));
  const flags = [...(command.flags ?? []), ...COMMON];
  const { args } = parseLine(rest, flags);
  // With arguments, these are enough, and not too many.
  const { max = Infinity, min = 0 } = command.arity ?? {};
  assert(args.length === 0 || args.length >= min, line);
  assert(args.length <= max, line);
  return command;
}

for (const tool of TOOLS) {
  Deno.test(`what the table for ${tool} says is known to the parser`, async () => {
    const rows = await rowsOf(tool);
    assert(rows.length > 15);
    for (const { cells: [theirs, ours, difference], line } of rows) {
      assert(theirs !== "" && ours !== "", line);
      const commands = codesOf(ours).flatMap((code) => parsed(code) ?? []);
      for (const code of codesOf(difference)) {
        parsed(code);
        if (!/^--?[a-z]/.test(code) || commands.length === 0) continue;
        const name = code.replace(/^-+/, "").split(/[ =]/)[0]!;
        const isForeign = new RegExp(`(?:for|as) \`${code}\``).test(difference);
        if (isForeign) continue;
        const isKnown = commands.some(({ flags = [] }) =>
          flags.some((known) => known.name === name || known.short === name)
        );
        assertEquals(isKnown, true, `${code} in ${line}`);
      }
    }
  });

  Deno.test({
    name: `the table for ${tool} has a row for each of its commands`,
    ignore: tool !== "regctl" && !found(tool),
    async fn() {
      const told = new Set<string>();
      for (const { cells: [theirs] } of await rowsOf(tool)) {
        let group: readonly string[] = [];
        for (const code of codesOf(theirs)) {
          const words = code.split(" ");
          const end = words.findIndex((word) => !/^[a-z][a-z-]*$/.test(word));
          const path = words.slice(0, end < 0 ? undefined : end);
          if (path[0] === tool) group = path.slice(1, -1);
          told.add((path[0] === tool ? path.slice(1) : [...group, ...path])
            .join(" "));
        }
      }
      const wanted = tool === "regctl"
        ? REGCTL.split(",").map((name) => name.trim())
        : await commandsOf(tool);
      assert(wanted.length > 8, `only ${wanted} were found`);
      assertEquals(wanted.filter((name) => !told.has(name)), []);
    },
  });
}

/** The commands that a program's help lists, `completion` as one. */
async function commandsOf(
  tool: string,
  path: readonly string[] = [],
): Promise<readonly string[]> {
  const { stdout } = await runProgram([tool, ...path, "--help"]);
  const [, rest] = stdout.split("\nAvailable Commands:\n");
  if (rest === undefined || path.at(-1) === "completion") {
    return [path.join(" ")];
  }
  const [list = ""] = rest.split("\n\n");
  const names = list.split("\n").map((line) => line.trim().split(" ")[0]!)
    .filter((name) => name !== "" && name !== "help");
  const below = names.map((name) => commandsOf(tool, [...path, name]));
  return (await Promise.all(below)).flat();
}
