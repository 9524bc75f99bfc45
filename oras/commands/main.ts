import type { Command, Invocation } from "./_command.ts";
import { Console, OutputClosedError } from "./_console.ts";
import { parseDuration } from "./_duration.ts";
import { CommandError, UsageError } from "./_errors.ts";
import { type Flag, FlagValues } from "./_flag.ts";
import {
  type Interrupt,
  INTERRUPTED,
  listenForInterrupt,
  type TimeLimit,
} from "./_interrupt.ts";
import { nearest } from "./_nearest.ts";
import { parseLine } from "./_parser.ts";
import { printable } from "./_printable.ts";
import { COMMON, DEBUG } from "./flags.ts";
import { helpPage, usageLine } from "./help.ts";
import { PROGRAM } from "./table.ts";

/**
 * Runs the program with the arguments of a command line.
 *
 * Gives the exit code: 0, or 1 where the work could not be done, unless
 * `--exit-codes detailed` asks for more. Prints on stdout and stderr.
 */
export async function main(tokens: readonly string[]): Promise<number> {
  const console = new Console();
  const isDetailed = wantsDetailedCodes(tokens);
  let interrupt: Interrupt | undefined;
  let isDebugging = false;
  let code = 0;
  try {
    const chosen = choose(tokens, console);
    if (chosen === undefined) return 0;
    const { command, path, args, flags } = chosen;
    isDebugging = command.flags?.includes(DEBUG) === true &&
      flags.bool("debug");
    const limit = readLimit(flags);
    const listen = () =>
      interrupt ??= listenForInterrupt({
        code: isDetailed ? INTERRUPTED : 1,
        limit,
        onOverdue: (reason) => console.err(report(reason)),
      });
    if (limit !== undefined) listen();
    const { run } = await command.load!();
    await run({
      command,
      path,
      args,
      flags,
      console,
      get signal(): AbortSignal {
        return listen().signal;
      },
    });
  } catch (error) {
    code = 1;
    if (!(error instanceof OutputClosedError)) {
      // Whatever else went wrong after the time was up did so because of that.
      const cause = interrupt?.overdue ?? error;
      const words = cause instanceof CommandError
        ? cause
        : (await import("./_explain.ts")).explain(cause);
      console.err(report(words));
      if (isDebugging) console.err(stacks(error));
      if (isDetailed) {
        code = (await import("./_exit_codes.ts")).detailedExitCode(cause);
      }
    }
  } finally {
    interrupt?.stop();
  }
  // Whoever still waits for stdin must not keep the program alive.
  if (interrupt?.signal.aborted) Deno.exit(code);
  return code;
}

/** How long the command may take. */
function readLimit(flags: FlagValues): TimeLimit | undefined {
  if (!flags.knows("timeout") || !flags.given("timeout")) return undefined;
  const text = flags.text("timeout");
  return {
    milliseconds: parseDuration(text)!,
    reason: new CommandError(`the command took longer than ${text}`, {
      hint: "--timeout says how long it may take",
    }),
  };
}

/** Looks for the flag by itself: a line that cannot be parsed has an exit code too. */
function wantsDetailedCodes(tokens: readonly string[]): boolean {
  const line = ` ${tokens.join(" ")} `;
  return /\s--exit-codes[= ]detailed\s/.test(line);
}

type Choice = Pick<Invocation, "command" | "path" | "args" | "flags">;

/** Finds the command and reads its line; prints help, and gives nothing, where that was asked for. */
function choose(
  tokens: readonly string[],
  console: Console,
): Choice | undefined {
  const wantsHelp = tokens[0] === "help";
  const words = wantsHelp ? tokens.slice(1) : tokens;
  const { command, path, rest } = find(words[0] === "help" ? [] : words);
  if (wantsHelp) {
    console.out(helpPage(command, path));
    return undefined;
  }
  const flags = [...(command.flags ?? []), ...COMMON];
  if (command.verbatim) {
    return { command, path, args: rest, flags: new FlagValues(flags) };
  }
  const line = parseLine(rest, flags);
  for (const notice of line.notices) console.err(notice);
  if (line.flags.bool("help") || command.load === undefined) {
    console.out(helpPage(command, path));
    return undefined;
  }
  checkArity(command, path, line.args.length);
  checkRequired(flags, line.flags);
  checkStdin(line.args, line.flags);
  return { command, path, args: line.args, flags: line.flags };
}

/** Follows the words of a command line down the table. */
function find(
  tokens: readonly string[],
): { command: Command; path: string; rest: readonly string[] } {
  let command = PROGRAM;
  let path = PROGRAM.name;
  const rest = [...tokens];
  while (command.commands !== undefined) {
    const at = rest.findIndex((token) => !token.startsWith("-"));
    if (at < 0) break;
    const [word] = rest.splice(at, 1) as [string];
    const next = command.commands.find(({ name, aliases }) =>
      name === word || aliases?.includes(word)
    );
    if (next === undefined) {
      if (word === "help" && path !== PROGRAM.name) {
        rest.push("--help");
        break;
      }
      throw unknownCommand(word, command, path);
    }
    command = next;
    path = `${path} ${next.name}`;
  }
  return { command, path, rest };
}

function unknownCommand(
  word: string,
  group: Command,
  path: string,
): CommandError {
  const names = group.commands!.filter(({ hidden }) => !hidden)
    .map(({ name }) => name);
  const near = nearest(word, names);
  const help = `Run '${path} --help' for usage.`;
  return new UsageError(
    `unknown command ${JSON.stringify(word)} for "${path}"`,
    {
      hint: near.length === 0
        ? help
        : `\nDid you mean this?\n${
          near.map((name) => `\t${name}\n`).join("")
        }\n${help}`,
    },
  );
}

function checkArity(command: Command, path: string, count: number): void {
  if (command.arity === undefined) return;
  const { min, max = Infinity, meaning } = command.arity;
  if (count >= min && count <= max) return;
  const number = `${min === max ? "exactly" : "at least"} ${min} argument${
    min === 1 ? "" : "s"
  }`;
  const help = `Run "${path} -h" for more options and examples`;
  throw new UsageError(
    max === 0
      ? `"${path}" takes no arguments but got ${count}`
      : `"${path}" requires ${number} but got ${count}`,
    {
      usage: usageLine(command, path),
      hint: max === 0
        ? help
        : `Please specify ${number} as ${meaning}. ${help}`,
    },
  );
}

function checkRequired(flags: readonly Flag[], values: FlagValues): void {
  const missing = flags.filter(({ name, required }) =>
    required === true && !values.given(name)
  );
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => JSON.stringify(name)).join(", ");
  throw new UsageError(`required flag(s) ${names} not set`);
}

/** Refuses to read two things from stdin. */
function checkStdin(args: readonly string[], flags: FlagValues): void {
  if (!args.includes("-")) return;
  for (const what of ["password", "identity-token"]) {
    const name = `${what}-stdin`;
    if (!flags.knows(name) || !flags.bool(name)) continue;
    throw new UsageError(
      `\`-\` read file from input and \`--${name}\` read ${
        what.replace("-", " ")
      } from input cannot be both used`,
    );
  }
}

function report({ prefix, message, usage, hint }: CommandError): string {
  return [
    `${prefix} ${message.split("\n").map(printable).join("\n")}`,
    ...(usage === undefined ? [] : [`Usage: ${usage}`]),
    ...(hint === undefined ? [] : [hint]),
  ].join("\n");
}

/** The stack of an error, and of what caused it. */
function stacks(error: unknown): string {
  if (!(error instanceof Error)) return printable(String(error));
  const { cause, message, stack = String(error) } = error;
  const lines = stack.replace(message, () => printable(message)).split("\n");
  return [
    ...lines.map(printable),
    ...(cause === undefined ? [] : [`Caused by: ${stacks(cause)}`]),
  ].join("\n");
}
