import { assert, assertEquals } from "@std/assert";
import type { Command } from "../../oras/commands/_command.ts";
import { parseLine } from "../../oras/commands/_parser.ts";
import { COMMON } from "../../oras/commands/flags.ts";
import { PROGRAM } from "../../oras/commands/table.ts";

const README = new URL("../../oras/README.md", import.meta.url);
const TOOLS = ["oras", "crane", "regctl", "skopeo"];

/** The rows of a section's table, without its head. */
function rowsOf(readme: string, tool: string): readonly string[] {
  const section = readme.split(`\n## Coming from ${tool}\n`)[1]!.split("\n## ");
  return section[0]!.split("\n").filter((line) => line.startsWith("|")).slice(
    2,
  );
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

for (const tool of TOOLS) {
  Deno.test(`what the table for ${tool} says is known to the parser`, async () => {
    const rows = rowsOf(await Deno.readTextFile(README), tool);
    assert(rows.length > 5);
    for (const row of rows) {
      const [, theirs = "", ours = "", difference = ""] = row.split("|");
      const codes = (cell: string) =>
        Array.from(cell.matchAll(/`([^`]+)`/g), ([, code]) => code!);
      assert(theirs.trim() !== "", row);
      const commands: Command[] = [];
      for (const line of codes(ours)) {
        if (!line.startsWith("gantry ")) continue;
        const { command, rest } = find(line.split(" ").slice(1));
        commands.push(command);
        const flags = [...(command.flags ?? []), ...COMMON];
        const { args } = parseLine(rest, flags);
        // With arguments, these are enough, and not too many.
        const { max = Infinity, min = 0 } = command.arity ?? {};
        assert(args.length === 0 || args.length >= min, line);
        assert(args.length <= max, line);
      }
      for (const flag of codes(difference)) {
        if (!/^--?[a-z]/.test(flag) || /^for /.test(flag)) continue;
        const name = flag.replace(/^-+/, "").split(/[ =]/)[0]!;
        const isForeign = new RegExp(`(?:for|as) \`${flag}\``).test(difference);
        if (isForeign) continue;
        const isKnown = commands.some(({ flags = [] }) =>
          flags.some((known) => known.name === name || known.short === name)
        );
        assertEquals(isKnown, true, `${flag} in ${row}`);
      }
    }
  });
}
