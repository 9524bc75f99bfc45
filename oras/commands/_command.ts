import type { Console } from "./_console.ts";
import type { Flag, FlagValues } from "./_flag.ts";

/** How many arguments a command takes, and the words for whoever gave another number. */
export interface Arity {
  /** The fewest. */
  readonly min: number;
  /** The most; no limit where not given. */
  readonly max?: number;
  /** What the arguments stand for, as in "Please specify exactly 1 argument as the …". */
  readonly meaning: string;
}

/** A worked example of a command. */
export interface Example {
  /** What it does. */
  readonly title: string;
  /** What to type, without the program's name. */
  readonly line: string;
}

/** A command, or a group of commands: all that parsing, help and completion need. */
export interface Command {
  /** The word that it is called by. */
  readonly name: string;
  /** Other words for it. */
  readonly aliases?: readonly string[];
  /** What it does, in one line. */
  readonly purpose: string;
  /** What follows the command's words in the usage line. */
  readonly usage?: string;
  /** More to know, as lines below the purpose. */
  readonly notes?: readonly string[];
  /** Worked examples, the simplest first. */
  readonly examples?: readonly Example[];
  /** The arguments; none of them are counted where not given. */
  readonly arity?: Arity;
  /** The number of the first argument that is a file, from 0, for completion. */
  readonly files?: number;
  /** Whether help and completion leave it out. */
  readonly hidden?: boolean;
  /** Whether its words are handed over as they are, flags too. */
  readonly verbatim?: boolean;
  /** The flags that it knows. */
  readonly flags?: readonly Flag[];
  /** What it reads from the environment: names with their meaning. */
  readonly environment?: readonly (readonly [name: string, meaning: string])[];
  /** The commands below it, for a group. */
  readonly commands?: readonly Command[];
  /** Loads what it does. Only the chosen command's module is ever loaded. */
  readonly load?: () => Promise<CommandModule>;
}

/** What the module of a command offers. */
export interface CommandModule {
  /** Does the command's work; throws where it cannot. */
  run(invocation: Invocation): Promise<void>;
}

/** One call of a command. */
export interface Invocation {
  /** The command. */
  readonly command: Command;
  /** The words that lead to it, such as `gantry repo tags`. */
  readonly path: string;
  /** Its arguments, without flags. */
  readonly args: readonly string[];
  /** Its flags. */
  readonly flags: FlagValues;
  /** Where it prints. */
  readonly console: Console;
  /** Ends when the user interrupts the program. The signal is listened for from the first look at this. */
  readonly signal: AbortSignal;
}
