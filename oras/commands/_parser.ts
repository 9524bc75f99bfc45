import { UsageError } from "./_errors.ts";
import { type Flag, FlagValues, parseBool, parseInteger } from "./_flag.ts";
import { nearest } from "./_nearest.ts";

/** What a command line says, once a command's flags are known. */
export interface ParsedLine {
  /** The arguments that are no flags. */
  readonly args: readonly string[];
  /** The flags. */
  readonly flags: FlagValues;
  /** Sentences about deprecated flags, to be printed. */
  readonly notices: readonly string[];
}

/**
 * Reads flags and arguments by the rules of pflag, Go's POSIX flag package.
 *
 * Flags and arguments may mix; `--` ends the flags; a lone `-` is an argument.
 * Long: `--x=v`, `--x v`, and for a flag with a bare value only `--x` or `--x=v`.
 * Short: `-xv`, `-x=v`, `-x v`, and bundles such as `-dk`.
 */
export function parseLine(
  tokens: readonly string[],
  flags: readonly Flag[],
): ParsedLine {
  const reader = new LineReader(tokens, flags);
  reader.read();
  return reader;
}

class LineReader implements ParsedLine {
  readonly args: string[] = [];
  readonly flags: FlagValues;
  readonly notices: string[] = [];
  readonly #rest: string[];
  readonly #known: readonly Flag[];

  constructor(tokens: readonly string[], flags: readonly Flag[]) {
    this.#rest = [...tokens];
    this.#known = flags;
    this.flags = new FlagValues(flags);
  }

  read(): void {
    for (;;) {
      const token = this.#rest.shift();
      if (token === undefined) return;
      if (token === "--") {
        this.args.push(...this.#rest.splice(0));
      } else if (token.startsWith("--")) {
        this.#long(token);
      } else if (token.startsWith("-") && token !== "-") {
        this.#short(token.slice(1));
      } else {
        this.args.push(token);
      }
    }
  }

  #long(token: string): void {
    const equals = token.indexOf("=");
    const name = token.slice(2, equals < 0 ? undefined : equals);
    if (name === "" || name.startsWith("-")) {
      throw new UsageError(`bad flag syntax: ${token}`);
    }
    const flag = this.#known.find((flag) => flag.name === name);
    if (flag === undefined) {
      const names = this.#known.filter((flag) => !flag.hidden)
        .map((flag) => flag.name);
      const near = nearest(name, names)[0];
      throw new UsageError(`unknown flag: --${name}`, {
        hint: near === undefined ? undefined : `Did you mean --${near}?`,
      });
    }
    const bare = bareValue(flag);
    const value = equals >= 0 ? token.slice(equals + 1) : bare ??
      this.#rest.shift();
    if (value === undefined) {
      throw new UsageError(`flag needs an argument: --${name}`);
    }
    this.#set(flag, value);
  }

  #short(bundle: string): void {
    for (let letters = bundle; letters !== "";) {
      const letter = String.fromCodePoint(letters.codePointAt(0)!);
      const after = letters.slice(letter.length);
      const flag = this.#known.find((flag) => flag.short === letter);
      if (flag === undefined) {
        throw new UsageError(
          `unknown shorthand flag: '${letter}' in -${letters}`,
        );
      }
      const bare = bareValue(flag);
      let value: string | undefined;
      if (after.length > 1 && after.startsWith("=")) {
        value = after.slice(1);
        letters = "";
      } else if (bare !== undefined) {
        value = bare;
        letters = after;
      } else {
        value = after === "" ? this.#rest.shift() : after;
        if (value === undefined) {
          throw new UsageError(
            `flag needs an argument: '${letter}' in -${letters}`,
          );
        }
        letters = "";
      }
      this.#set(flag, value);
    }
  }

  #set(flag: Flag, value: string): void {
    const wrong = problem(flag, value);
    if (wrong !== undefined) {
      const name = flag.short === undefined
        ? `--${flag.name}`
        : `-${flag.short}, --${flag.name}`;
      throw new UsageError(
        `invalid argument ${
          JSON.stringify(value)
        } for "${name}" flag: ${wrong}`,
      );
    }
    this.flags.add(
      flag.name,
      ...(flag.kind === "strings" ? value.split(",") : [value]),
    );
    if (flag.deprecated !== undefined) {
      this.notices.push(
        `Flag --${flag.name} has been deprecated, ${flag.deprecated}`,
      );
    }
  }
}

function bareValue(flag: Flag): string | undefined {
  return flag.kind === "bool" ? "true" : flag.bare;
}

function problem(flag: Flag, value: string): string | undefined {
  const syntax = (parser: string) =>
    `strconv.${parser}: parsing ${JSON.stringify(value)}: invalid syntax`;
  if (flag.kind === "bool" && parseBool(value) === undefined) {
    return syntax("ParseBool");
  }
  if (flag.kind === "int" && parseInteger(value) === undefined) {
    return syntax("ParseInt");
  }
  return flag.check?.(value);
}
