import type { Invocation } from "./_command.ts";
import { UsageError } from "./_errors.ts";
import { Prompt } from "./_prompt.ts";

/**
 * Asks before something is deleted, unless `--force` is given; anything but a yes
 * is a no.
 *
 * @throws {UsageError} The descriptor is to be printed, where a question would be in its way.
 */
export async function confirm(
  { console, flags, signal }: Invocation,
  what: string,
): Promise<boolean> {
  if (flags.bool("force")) return true;
  requireForce(flags);
  const prompt = new Prompt((text) => console.outRaw(text), signal);
  const answer = await prompt.ask(
    `Are you sure you want to delete ${what}? [y/N] `,
  );
  if (/^y(?:es)?$/i.test(answer)) return true;
  console.out("Operation cancelled.");
  return false;
}

/** Refuses the printing of a descriptor without `--force`. */
export function requireForce(flags: Invocation["flags"]): void {
  if (!flags.bool("descriptor") || flags.bool("force")) return;
  throw new UsageError(
    "must apply --force to confirm the deletion if the descriptor is outputted",
  );
}
