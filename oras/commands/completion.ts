import type { Invocation } from "./_command.ts";
import { COMPLETION_SCRIPTS } from "./_completion_scripts.ts";

/** Prints the completion script of the shell that is the last word of the command. */
export function run({ console, flags, path }: Invocation): Promise<void> {
  const [program = "", , shell = ""] = path.split(" ");
  const script = COMPLETION_SCRIPTS[shell]!;
  console.outRaw(script(program, !flags.bool("no-descriptions")));
  return Promise.resolve();
}
