import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { complete } from "../../oras/commands/_completions.ts";
import { PROGRAM } from "../../oras/commands/table.ts";
import { gantryCommand, runGantry, shellLine } from "../_support/gantry.ts";
import { found } from "../_support/programs.ts";
import { leavesOf } from "./_every_command.ts";

/** What has been typed behind the program's name, with the words offered, and whether files are. */
const CASES: readonly (readonly [
  line: readonly string[],
  words: readonly string[],
  files: boolean,
])[] = [
  [["versi"], ["version"], false],
  [["hel"], ["help"], false],
  [["help", "versi"], ["version"], false],
  [["__comp"], [], false],
  [["repo", ""], ["ls", "tags", "help"], false],
  [["repository", "t"], ["tags"], false],
  [["push", "--form"], ["--format"], false],
  [["push", "--format", ""], ["text", "json", "go-template"], false],
  [["push", "--format=j"], ["--format=json"], false],
  [["push", "--plain-http=t"], ["--plain-http=true"], false],
  [["push", "--nope="], [], false],
  [["push", "--format", "json", "--form"], [], false],
  [["push", "-a", "x=y", "--annotation", "x=z", "--annotation"], [
    "--annotation",
    "--annotation-file",
  ], false],
  [["push", "--verb"], [], false],
  [["push", ""], [], false],
  [["push", "localhost/x:1", ""], [], true],
  [["push", "-d", "localhost/x:1", "fi"], [], true],
  [["push", "--annotation-file", ""], [], true],
  [["push", "localhost/x:1", "--", "--form"], [], true],
  [["pull", "-o", ""], [], true],
  [["resolve", "localhost/x:1", ""], [], false],
  [["hash", ""], [], true],
  [["nope", ""], [], false],
];

for (const [line, words, files] of CASES) {
  Deno.test(`complete() behind "gantry ${line.join(" ")}"`, () => {
    const found = complete(PROGRAM, line);
    const offered = found.words.map(({ word }) => word);
    // Of all commands only those that begin so.
    assertEquals([offered, found.files], [words, files]);
  });
}

Deno.test("complete() offers every flag of every command, and every value that there is a list of", () => {
  for (const { command, path } of leavesOf()) {
    for (const { bare, choices, hidden, kind, name } of command.flags ?? []) {
      const offered = (...words: string[]) =>
        complete(PROGRAM, [...path, ...words]).words.map(({ word }) => word);
      const line = `${path.join(" ")} --${name}`;
      assertEquals(offered(`--${name}`).includes(`--${name}`), !hidden, line);
      if (choices === undefined || hidden) continue;
      assertEquals(
        offered(`--${name}=`),
        choices.map((choice) => `--${name}=${choice}`),
        line,
      );
      if (kind !== "bool" && bare === undefined) {
        assertEquals(offered(`--${name}`, ""), choices, line);
      }
    }
  }
});

Deno.test("__complete takes two quotes for nothing, as PowerShell may pass it", async () => {
  const { stdout } = await runGantry(["__complete", "repo", '""']);
  assertStringIncludes(stdout, "ls\t");
});

Deno.test("__complete prints words with their purpose, and no script sees flags of its own", async () => {
  const { code, stdout } = await runGantry(["__complete", "push", "--hel"]);
  assertEquals(code, 0);
  assertEquals(stdout, "--help\tshow this help\n:words\n");
});

Deno.test("completion prints a script for each shell, and nothing for others", async () => {
  for (const shell of ["bash", "zsh", "fish", "powershell"]) {
    const long = await runGantry(["completion", shell]);
    const short = await runGantry(["completion", shell, "--no-descriptions"]);
    assertEquals([long.code, short.code], [0, 0]);
    assertStringIncludes(long.stdout, "__complete");
    assert(long.stdout !== short.stdout, shell);
  }
  const { code, stdout } = await runGantry(["completion", "tcsh"]);
  assertEquals([code, stdout], [1, ""]);
});

/** A folder whose `gantry` is the command, and the completion script of a shell. */
async function withScript(
  shell: string,
  run: (folder: string, env: Record<string, string>) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const words = shellLine(gantryCommand());
    const program = `${folder}/gantry`;
    await Deno.writeTextFile(program, `#!/bin/sh\nexec ${words} "$@"\n`);
    await Deno.chmod(program, 0o755);
    const { stdout } = await runGantry(["completion", shell]);
    await Deno.writeTextFile(`${folder}/script`, stdout);
    await Deno.writeTextFile(`${folder}/notes.txt`, "");
    await run(folder, { PATH: `${folder}:${Deno.env.get("PATH")}` });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function output(
  program: string,
  script: string,
  options: { cwd: string; env: Record<string, string> },
): Promise<string> {
  const flags = program === "zsh" ? ["-f", "-c"] : ["-c"];
  const { stdout, stderr } = await new Deno.Command(program, {
    args: [...flags, script],
    signal: AbortSignal.timeout(60_000),
    ...options,
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return decode(stdout) + decode(stderr);
}

Deno.test({
  name: "bash completes commands, flags and values, also behind = and :",
  ignore: !found("bash"),
  fn: () =>
    withScript("bash", async (cwd, env) => {
      const lines: [string, string[], string][] = [
        ["gantry pu", ["gantry", "pu"], "push pull"],
        [
          "gantry push --format=",
          ["gantry", "push", "--format", "="],
          "text json go-template",
        ],
        [
          "gantry push --format=j",
          ["gantry", "push", "--format", "=", "j"],
          "json",
        ],
        ["gantry repo ", ["gantry", "repo", ""], "ls tags help"],
        [
          "gantry push localhost:50",
          ["gantry", "push", "localhost", ":", "50"],
          "",
        ],
      ];
      for (const [line, words, expected] of lines) {
        const quoted = words.map((word) => `'${word}'`).join(" ");
        const shown = await output(
          "bash",
          `source ./script; COMP_LINE='${line}' COMP_POINT=${line.length} COMP_TYPE=9
          COMP_WORDS=(${quoted}) COMP_CWORD=${words.length - 1}
          _gantry; echo "\${COMPREPLY[*]}"`,
          { cwd, env },
        );
        assertEquals(shown, `${expected}\n`, line);
      }
    }),
});

Deno.test({
  name: "fish completes commands, flags, values and files",
  ignore: !found("fish"),
  fn: () =>
    withScript("fish", async (cwd, env) => {
      const shown = await output(
        "fish",
        `source ./script; complete -C 'gantry versi'; complete -C 'gantry push --format=j'
        complete -C 'gantry push x no'; complete -C 'gantry resolve no'`,
        { cwd, env: { ...env, HOME: cwd, XDG_CONFIG_HOME: cwd } },
      );
      assertEquals(shown.split("\n").map((line) => line.split("\t")[0]), [
        "version",
        "--format=json",
        "notes.txt",
        "",
      ]);
    }),
});

Deno.test({
  name: "zsh completes what is typed in a terminal",
  ignore: !found("zsh"),
  fn: () =>
    withScript("zsh", async (cwd, env) => {
      const shown = await output(
        "zsh",
        `zmodload zsh/zpty
        zpty terminal zsh -f -i
        zpty -w terminal 'autoload -Uz compinit; compinit -u -D; source ./script'
        zpty -w -n terminal $'gantry versi\\t\\n'
        zpty -r terminal text '*OS/Arch*'
        print -r -- "$text"
        zpty -d terminal`,
        { cwd, env },
      );
      assertStringIncludes(shown, "Version:");
    }),
});
