import { assert, assertEquals } from "@std/assert";
import type { Command } from "../../oras/commands/_command.ts";
import type { Flag } from "../../oras/commands/_flag.ts";
import { COMMON } from "../../oras/commands/flags.ts";
import { PROGRAM } from "../../oras/commands/table.ts";
import { runProgram } from "../_support/gantry.ts";
import { found } from "../_support/programs.ts";

/** A page of help as oras prints it. */
interface Page {
  readonly commands: readonly string[];
  readonly aliases: readonly string[];
  readonly flags: readonly {
    readonly short: string | undefined;
    readonly name: string;
    readonly takesValue: boolean;
    readonly preset: string | undefined;
  }[];
}

/** The lines of a section of a help page. */
function section(page: string, title: string): readonly string[] {
  const [, rest] = page.split(`\n${title}:\n`);
  return rest?.split("\n\n", 1).join().trimEnd().split("\n") ?? [];
}

async function readPage(words: readonly string[]): Promise<Page> {
  const { code, stdout } = await runProgram(["oras", ...words, "--help"]);
  assertEquals(code, 0, words.join(" "));
  return {
    commands: section(stdout, "Available Commands")
      .map((line) => line.trim().split(" ")[0]!),
    aliases: section(stdout, "Aliases")
      .flatMap((line) => line.trim().split(", ")),
    flags: section(stdout, "Flags").flatMap((line) => {
      const found = /^ {2}(?:-(\w), | {4})--([\w-]+)( \S+)? {2,}(.*)$/.exec(
        line,
      );
      // The purpose of some goes on in a second line.
      if (found === null) return [];
      const [, short, name, value, purpose] = found;
      return [{
        short,
        name: name!,
        takesValue: value !== undefined,
        preset: /\(default "?([^)"]+)"?\)$/.exec(purpose!)?.[1],
      }];
    }),
  };
}

/** What has another default here, on purpose. */
const OTHER_PRESETS = new Set([
  "concurrency",
  "distribution-spec",
  "image-spec",
]);

function compareFlags(page: Page, command: Command, path: string): void {
  const known = new Map<string, Flag>(
    [...command.flags ?? [], ...COMMON].map((flag) => [flag.name, flag]),
  );
  for (const { name, preset, short, takesValue } of page.flags) {
    const flag = known.get(name);
    assert(flag !== undefined, `${path} knows no --${name}`);
    assertEquals(flag.short, short, `${path} --${name}`);
    assertEquals(flag.kind !== "bool", takesValue, `${path} --${name}`);
    if (
      preset === undefined ||
      OTHER_PRESETS.has(name.replace(/^(?:from|to)-/, ""))
    ) continue;
    assertEquals(String(flag.preset), preset, `${path} --${name}`);
  }
}

Deno.test({
  name: "each command, alias, flag, letter and default of oras is here, too",
  ignore: !found("oras"),
  async fn() {
    let count = 0;
    async function compare(command: Command, words: readonly string[]) {
      const path = ["gantry", ...words].join(" ");
      const page = await readPage(words);
      for (const alias of page.aliases) {
        assert(
          alias === command.name || command.aliases?.includes(alias),
          `${path} has no alias ${alias}`,
        );
      }
      if (command.commands === undefined) {
        compareFlags(page, command, path);
        count += page.flags.length;
      }
      for (const name of page.commands) {
        if (name === "help") continue;
        const next = command.commands?.find((child) => child.name === name);
        assert(next !== undefined, `${path} has no command ${name}`);
        await compare(next, [...words, name]);
      }
    }
    await compare(PROGRAM, []);
    assert(count > 400, `only ${count} flags were read`);
  },
});
