import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { listFiles, readProject, ROOT } from "../.ci/_project.ts";
import type { Command } from "../oras/commands/_command.ts";
import { parseLine } from "../oras/commands/_parser.ts";
import { PROGRAM } from "../oras/commands/table.ts";

const SKIP = new Set([".git", ".bin", "node_modules", "fixtures"]);

const PAGES = await Promise.all(
  (await listFiles(ROOT, SKIP)).filter((path) => path.endsWith(".md"))
    .map(async (path) => ({
      path,
      text: await Deno.readTextFile(`${ROOT}${path}`),
    })),
);

/** The lines that a page's shell fences let people type. */
function commandLines(text: string): string[] {
  return [...text.matchAll(/^```(?:sh|bash|console)\n([\s\S]*?)^```/gm)]
    .flatMap(([, body]) => body!.replaceAll("\\\n", "").split("\n"))
    .map((line) => line.replace(/^\$ /, "").replace(/\s*(#.*|&)$/, "").trim());
}

/** The command of a line, and what follows its words. */
function findCommand(words: readonly string[]): [Command, readonly string[]] {
  let command = PROGRAM;
  let rest = words;
  while (command.commands !== undefined && rest.length > 0) {
    const next: Command | undefined = command.commands.find((one) =>
      one.name === rest[0] || one.aliases?.includes(rest[0]!)
    );
    assert(next !== undefined, `There is no command ${words.join(" ")}`);
    command = next;
    rest = rest.slice(1);
  }
  return [command, rest];
}

Deno.test("pages link to files that exist", async () => {
  for (const { path, text } of PAGES) {
    for (const [, target] of text.matchAll(/\]\((?!\w+:|#)([^)#\s]+)/g)) {
      const url = new URL(target!, `file://${ROOT}${path}`);
      await Deno.stat(url).catch(() => assert(false, `${path}: ${target}`));
    }
  }
});

Deno.test("pages name commands and flags that exist", () => {
  let count = 0;
  for (const { path, text } of PAGES) {
    for (const line of commandLines(text)) {
      const [program, ...words] = line.split(/\s+/);
      if (program !== "gantry" || words[0] === "help") continue;
      const [command, rest] = findCommand(words);
      const { args } = parseLine(rest, command.flags ?? []);
      const { min = 0, max = Infinity } = command.arity ?? {};
      assert(
        args.length >= min && args.length <= max,
        `${path}: ${line}: ${args.length} arguments`,
      );
      count++;
    }
  }
  assert(count > 5, "The README shows the command");
});

Deno.test("pages name tasks that exist", async () => {
  const { tasks } = await readProject() as unknown as {
    tasks: Record<string, unknown>;
  };
  for (const { path, text } of PAGES) {
    for (const [, task] of text.matchAll(/\bdeno task ([\w:]+)/g)) {
      assert(Object.hasOwn(tasks, task!), `${path}: deno task ${task}`);
    }
  }
});

Deno.test("README.md lists every import there is", async () => {
  const { name, exports } = await readProject();
  const text = PAGES.find(({ path }) => path === "README.md")!.text;
  for (const key of Object.keys(exports)) {
    if (key.endsWith("/node")) continue;
    assertStringIncludes(text, `\`${name}${key.slice(1)}\``);
  }
});

Deno.test("CHANGELOG.md tells of the version in deno.json", async () => {
  const { version } = await readProject();
  const text = PAGES.find(({ path }) => path === "CHANGELOG.md")!.text;
  assertStringIncludes(text, version);
  assertEquals(text.includes("## [Unreleased]"), true);
});
