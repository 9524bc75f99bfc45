import { UsageError } from "./_errors.ts";
import type { FlagValues } from "./_flag.ts";

/** Refuses flags of which only one may be given. */
export function refuseTogether(flags: FlagValues, ...names: string[]): void {
  const given = names.filter((name) => flags.given(name));
  if (given.length > 1) {
    throw new UsageError(
      `${
        given.map((name) => `--${name}`).join(", ")
      } cannot be used at the same time`,
    );
  }
}

/** Refuses one flag without the other. */
export function requireTogether(
  flags: FlagValues,
  first: string,
  second: string,
): void {
  for (const [one, other] of [[first, second], [second, first]] as const) {
    if (flags.given(one) && !flags.given(other)) {
      throw new UsageError(
        `--${one} must be used in conjunction with --${other}`,
      );
    }
  }
}
