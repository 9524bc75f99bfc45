import type { Invocation } from "./_command.ts";

/** The invocation, with the flags of one side in place of those of both. */
export function sided(
  { args, command, console, flags, path, signal }: Invocation,
  side: "from" | "to",
): Invocation {
  return { args, command, console, flags: flags.side(side), path, signal };
}
