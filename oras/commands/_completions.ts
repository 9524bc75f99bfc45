import type { Command } from "./_command.ts";
import type { Flag } from "./_flag.ts";
import { COMMON } from "./flags.ts";

/** A word that could stand where the cursor is. */
export interface Completion {
  /** The word as a whole. */
  readonly word: string;
  /** What it means, in one line. */
  readonly purpose: string;
}

/** What could stand where the cursor is. */
export interface Completions {
  /** The words that fit what has been typed. */
  readonly words: readonly Completion[];
  /** Whether the name of a file could stand there too. */
  readonly files: boolean;
}

/**
 * Finds what could stand where the cursor is.
 *
 * @param program The program with its commands.
 * @param line The words before the cursor, without the program's name; the last is the
 * one that is being typed, and may be empty.
 */
export function complete(
  program: Command,
  line: readonly string[],
): Completions {
  const typed = line.at(-1) ?? "";
  const before = line.slice(0, -1);
  const { command, rest } = follow(program, before);
  const flags = [...(command.flags ?? []), ...COMMON].filter((flag) =>
    !flag.hidden
  );
  const { args, ended, pending } = scan(rest, flags);
  if (pending !== undefined) return values(pending, typed, "");
  if (!ended && typed.startsWith("-")) return flagWords(flags, typed, rest);
  if (command.commands !== undefined && args === 0) {
    return fitting(typed, commandWords(command));
  }
  const files = command.files !== undefined && args >= command.files;
  return { words: [], files };
}

/** Goes down the commands as far as words name them. */
function follow(
  program: Command,
  words: readonly string[],
): { command: Command; rest: readonly string[] } {
  let command = program;
  const rest = [...words];
  if (rest[0] === "help") rest.shift();
  while (command.commands !== undefined) {
    const at = rest.findIndex((word) => !word.startsWith("-"));
    const next = at < 0
      ? undefined
      : command.commands.find((candidate) =>
        candidate.name === rest[at] || candidate.aliases?.includes(rest[at]!)
      );
    if (next === undefined) break;
    rest.splice(at, 1);
    command = next;
  }
  return { command, rest };
}

/** Counts the arguments among words; `pending` is the flag whose value comes next. */
function scan(
  words: readonly string[],
  flags: readonly Flag[],
): { args: number; ended: boolean; pending: Flag | undefined } {
  let args = 0;
  let pending: Flag | undefined;
  for (const [index, word] of words.entries()) {
    if (pending !== undefined) pending = undefined;
    else if (word === "--") {
      args += words.length - index - 1;
      return { args, ended: true, pending };
    } else if (word.startsWith("-") && word !== "-") {
      const flag = word.startsWith("--")
        ? flags.find(({ name }) => name === word.slice(2))
        : flags.find(({ short }) => short === word.at(-1));
      if (flag !== undefined && takesValue(flag)) pending = flag;
    } else args++;
  }
  return { args, ended: false, pending };
}

function takesValue(flag: Flag): boolean {
  return flag.kind !== "bool" && flag.bare === undefined;
}

function flagWords(
  flags: readonly Flag[],
  typed: string,
  before: readonly string[],
): Completions {
  const equals = typed.indexOf("=");
  if (typed.startsWith("--") && equals > 0) {
    const flag = flags.find(({ name }) => name === typed.slice(2, equals));
    if (flag === undefined) return { words: [], files: false };
    const start = typed.slice(0, equals + 1);
    return values(flag, typed.slice(equals + 1), start);
  }
  // A flag that has been given is not offered again, unless it can be repeated.
  const given = new Set(before.map((word) => word.replace(/=.*$/s, "")));
  const words = flags
    .filter(({ name, kind }) =>
      !given.has(`--${name}`) || kind === "stringArray" || kind === "strings"
    )
    .map(({ name, purpose }) => ({ word: `--${name}`, purpose }));
  return fitting(typed, words);
}

function values(flag: Flag, typed: string, start: string): Completions {
  const choices = flag.choices ??
    (flag.kind === "bool" ? ["true", "false"] : []);
  const words = choices.map((choice) => ({
    word: start + choice,
    purpose: flag.purpose,
  }));
  const files = /^(?:path|file|directory)/.test(flag.value ?? "");
  return { ...fitting(start + typed, words), files };
}

function commandWords(command: Command): Completion[] {
  return [
    ...command.commands!.filter(({ hidden }) => !hidden)
      .map(({ name, purpose }) => ({ word: name, purpose })),
    { word: "help", purpose: "Show help about a command" },
  ];
}

function fitting(typed: string, words: readonly Completion[]): Completions {
  return {
    words: words.filter(({ word }) => word.startsWith(typed)),
    files: false,
  };
}
