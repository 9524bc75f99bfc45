/** What kind of value a flag takes. `strings` splits at commas, `stringArray` does not. */
export type FlagKind = "bool" | "string" | "int" | "stringArray" | "strings";

/** The headings under which help lists flags, in this order. */
export const FLAG_GROUPS = [
  "Flags",
  "Output flags",
  "Registry flags",
  "Layout flags",
  "Other flags",
] as const;

/** A heading under which help lists a flag. */
export type FlagGroup = typeof FLAG_GROUPS[number];

/** A flag of a command: all that parsing, help and completion need. */
export interface Flag {
  /** The long name, without dashes. */
  readonly name: string;
  /** The letter for short. */
  readonly short?: string;
  /** What kind of value it takes. */
  readonly kind: FlagKind;
  /** What it does, in one line. */
  readonly purpose: string;
  /** What stands for the value in help. */
  readonly value?: string;
  /** The value where the flag is not given. */
  readonly preset?: string | number | boolean;
  /** The value that the bare flag has; for other kinds than `bool`. */
  readonly bare?: string;
  /** The values that there are, for completion and help. */
  readonly choices?: readonly string[];
  /** Looks at a value; gives what is wrong with it. */
  readonly check?: (value: string) => string | undefined;
  /** Whether the command cannot do without it. */
  readonly required?: boolean;
  /** Whether help and completion leave it out. */
  readonly hidden?: boolean;
  /** What to say to whoever still uses it. */
  readonly deprecated?: string;
  /** The heading in help. */
  readonly group?: FlagGroup;
}

/** The values of a command's flags, as parsed or preset. */
export class FlagValues {
  readonly #flags: ReadonlyMap<string, Flag>;
  readonly #texts: Map<string, string[]> = new Map();

  /** Makes the values of flags of which none is given yet. */
  constructor(flags: Iterable<Flag>) {
    this.#flags = new Map([...flags].map((flag) => [flag.name, flag]));
  }

  /** Whether there is a flag of this name, given or not. */
  knows(name: string): boolean {
    return this.#flags.has(name);
  }

  /**
   * The flags of one side of a command that has two: `x` is `--PREFIX-x` where there
   * is such a flag.
   */
  side(prefix: string): FlagValues {
    const flags = new Map(this.#flags);
    const texts = new Map(this.#texts);
    for (const flag of this.#flags.values()) {
      if (!flag.name.startsWith(`${prefix}-`)) continue;
      const name = flag.name.slice(prefix.length + 1);
      flags.set(name, { ...flag, name });
      const own = this.#texts.get(flag.name) ?? [];
      // What can be repeated adds to what is said for both sides.
      const both = flag.kind === "stringArray" ? texts.get(name) ?? [] : [];
      if (own.length + both.length > 0) texts.set(name, [...both, ...own]);
    }
    const side = new FlagValues(flags.values());
    for (const [name, values] of texts) side.add(name, ...values);
    return side;
  }

  /** Takes one more value of a flag. */
  add(name: string, ...values: string[]): void {
    const texts = this.#texts.get(name) ?? [];
    texts.push(...values);
    this.#texts.set(name, texts);
  }

  /** Whether the flag was given, with whatever value. */
  given(name: string): boolean {
    return this.#texts.has(name);
  }

  /** The value of a `bool` flag. */
  bool(name: string): boolean {
    const text = this.#last(name);
    return text === undefined
      ? this.#preset(name) === true
      : parseBool(text) === true;
  }

  /** The value of a `string` flag, "" where there is none. */
  text(name: string): string {
    return this.#last(name) ?? String(this.#preset(name) ?? "");
  }

  /** The value of an `int` flag, 0 where there is none. */
  int(name: string): number {
    const text = this.#last(name);
    return (text === undefined ? undefined : parseInteger(text)) ??
      Number(this.#preset(name) ?? 0);
  }

  /** All values of a flag that can be repeated. */
  list(name: string): readonly string[] {
    this.#preset(name);
    return this.#texts.get(name) ?? [];
  }

  #last(name: string): string | undefined {
    return this.#texts.get(name)?.at(-1);
  }

  #preset(name: string): string | number | boolean | undefined {
    const flag = this.#flags.get(name);
    if (flag === undefined) throw new TypeError(`No flag is named "${name}"`);
    return flag.preset;
  }
}

/** Refuses a value that is empty, as that of a variable which is not set. */
export function checkFilled(value: string): string | undefined {
  return value === "" ? "expecting more than nothing" : undefined;
}

/** Reads a truth value as Go's `strconv.ParseBool` does. */
export function parseBool(text: string): boolean | undefined {
  if (/^(?:1|t|T|TRUE|true|True)$/.test(text)) return true;
  if (/^(?:0|f|F|FALSE|false|False)$/.test(text)) return false;
  return undefined;
}

/** Reads an integer as Go's `strconv.ParseInt` does with base 0, as far as a number is exact. */
export function parseInteger(text: string): number | undefined {
  const match = /^([+-]?)(0[xX][0-9a-fA-F]+|0[oO]?[0-7]*|0[bB][01]+|[1-9]\d*)$/
    .exec(text);
  if (match === null) return undefined;
  const digits = match[2]!;
  const value = Number(
    /^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits,
  );
  return match[1] === "-" ? -value : value;
}
