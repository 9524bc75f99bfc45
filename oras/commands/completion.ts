import type { Invocation } from "./_command.ts";
import { COMPLETION_SCRIPTS } from "./_completion_scripts.ts";
import { readFormat } from "./_format.ts";

/** Prints the completion script of the shell that is the last word of the command. */
export async function run(invocation: Invocation): Promise<void> {
  const { console, flags, path } = invocation;
  const format = await readFormat(flags);
  const [program = "", , shell = ""] = path.split(" ");
  const script = COMPLETION_SCRIPTS[shell]!(
    program,
    !flags.bool("no-descriptions"),
  );
  format.print(console, { shell, script });
  if (format.isText) console.outRaw(script);
}
