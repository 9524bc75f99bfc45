import type { Command } from "./_command.ts";
import { type Flag, FLAG_GROUPS } from "./_flag.ts";
import { COMMON } from "./flags.ts";
import { NETWORK } from "./_words.ts";
import { permissionsOf, PLACES } from "./permissions.ts";

/**
 * The help page of a command or of a group of commands.
 *
 * @param command The command.
 * @param path The words that lead to it, such as `gantry repo tags`.
 */
export function helpPage(command: Command, path: string): string {
  const program = path.split(" ")[0]!;
  const sections: string[] = [
    command.purpose,
    ...(command.notes === undefined ? [] : [command.notes.join("\n")]),
  ];
  if (command.examples !== undefined) {
    sections.push(
      command.examples.map(({ title, line }) =>
        `Example - ${title}:\n  ${program} ${line}`
      ).join("\n\n"),
    );
  }
  sections.push(`Usage:\n  ${usageLine(command, path)}`);
  if (command.aliases !== undefined) {
    sections.push(
      `Aliases:\n  ${[command.name, ...command.aliases].join(", ")}`,
    );
  }
  if (command.commands !== undefined) {
    sections.push(section(
      "Commands",
      [...command.commands, HELP_COMMAND]
        .filter(({ hidden, name }) =>
          !hidden && (name !== "help" || path === program)
        )
        .map(({ name, purpose }) => [name, purpose]),
    ));
  }
  sections.push(...flagSections([...(command.flags ?? []), ...COMMON]));
  const environment = [
    ...(command.environment ?? []),
    ...(talks(command) ? NETWORK : []),
  ];
  if (environment.length > 0) {
    sections.push(section("Environment", environment));
  }
  const permissions = permissionsOf(path);
  if (permissions !== undefined && permissions.flags.length > 0) {
    sections.push(permissionSection(permissions.flags));
    if (namesFiles(command)) sections.push(FILES_TOO);
  }
  if (command.commands !== undefined) {
    sections.push(
      `Use "${path} [command] --help" for more information about a command.`,
    );
  }
  return sections.join("\n\n");
}

/** Whether a command talks to a registry. */
function talks({ flags = [] }: Command): boolean {
  return flags.some(({ name }) => /^(?:from-)?registry-config$/.test(name)) &&
    flags.some(({ name }) => name === "timeout");
}

/** Whether the flags of a command may name files that its permissions do not tell of. */
function namesFiles({ flags = [] }: Command): boolean {
  return flags.some(({ name }) =>
    /^(?:(?:from|to)-)?(?:ca-file|oci-layout)$/.test(name)
  );
}

const FILES_TOO = [
  "Files that flags name, image layouts and archives need --allow-read with their",
  "paths, too, and --allow-write to be changed; other variables of the environment",
  "are as if they were not set, unless --allow-env names them.",
].join("\n");

/** How a command is called, in one line. */
export function usageLine(command: Command, path: string): string {
  return `${path} ${command.usage ?? "[command]"}`;
}

const HELP_COMMAND: Command = {
  name: "help",
  purpose: "Show help about a command",
};

function flagSections(flags: readonly Flag[]): readonly string[] {
  return FLAG_GROUPS.flatMap((group) => {
    const rows = flags
      .filter((flag) => !flag.hidden && (flag.group ?? "Flags") === group)
      .map((flag): [string, string] => [flagSyntax(flag), flagPurpose(flag)]);
    return rows.length === 0 ? [] : [section(group, rows)];
  });
}

function flagSyntax(flag: Flag): string {
  const short = flag.short === undefined ? "    " : `-${flag.short}, `;
  const name = flag.value ?? flag.kind;
  const value = flag.kind === "bool"
    ? ""
    : flag.bare === undefined
    ? ` ${name}`
    : `[=${name}]`;
  return `${short}--${flag.name}${value}`;
}

function flagPurpose(flag: Flag): string {
  const repeats = flag.kind === "stringArray" || flag.kind === "strings"
    ? " (can be repeated)"
    : "";
  const preset = flag.preset === undefined ? "" : ` (default ${flag.preset})`;
  const required = flag.required ? " (required)" : "";
  return `${flag.purpose}${repeats}${preset}${required}`;
}

/** What `deno run` has to be given where it is not given `-A`, and what the places stand for. */
function permissionSection(flags: readonly string[]): string {
  const places = PLACES.filter(([place]) =>
    flags.some((flag) => flag.includes(place))
  );
  const lines = flags.map((flag) => `  ${flag}`).join("\n");
  return `Permissions under Deno, for "deno run" without -A:\n${lines}` +
    (places.length === 0 ? "" : `\n\n${section("Where", places)}`);
}

function section(
  title: string,
  rows: readonly (readonly [string, string])[],
): string {
  const width = Math.min(38, Math.max(...rows.map(([left]) => left.length)));
  const lines = rows.map(([left, right]) =>
    left.length > width
      ? `  ${left}\n  ${" ".repeat(width)}  ${right}`
      : `  ${left.padEnd(width)}  ${right}`
  );
  return `${title}:\n${lines.join("\n")}`;
}
