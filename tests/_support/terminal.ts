import type { Sandbox } from "./cli_sandbox.ts";
import { gantryCommand, shellLine } from "./gantry.ts";

/** What a program left on a terminal. */
export interface Screen {
  /** The exit code. */
  readonly code: number;
  /** All that was written to the terminal, control codes too. */
  readonly screen: string;
}

/** Something to type when something is to be read. */
export type Answer = readonly [question: string, answer: string];

/**
 * Runs gantry on a terminal of its own, made by script(1), and answers its
 * questions.
 */
export async function onTerminal(
  box: Sandbox,
  args: readonly string[],
  answers: readonly Answer[] = [],
  env: Record<string, string> = {},
): Promise<Screen> {
  const line = shellLine([...gantryCommand(), ...args]);
  return await lineOnTerminal(box, line, answers, env);
}

/**
 * Runs a line of the shell on a terminal of its own. `gantry` in it is the
 * command. The code is the last command's in every shell: one without a trap,
 * such as dash, ends itself with 130 when a Ctrl-C was typed meanwhile.
 */
export async function shellOnTerminal(
  box: Sandbox,
  line: string,
  answers: readonly Answer[] = [],
  env: Record<string, string> = {},
): Promise<Screen> {
  const program = shellLine(gantryCommand());
  const command = line.replaceAll(/\bgantry(?= )/g, () => program);
  return await lineOnTerminal(box, command, answers, env);
}

async function lineOnTerminal(
  box: Sandbox,
  command: string,
  answers: readonly Answer[],
  env: Record<string, string>,
): Promise<Screen> {
  const child = new Deno.Command("script", {
    args: ["-qec", `trap : INT; ${command}`, "/dev/null"],
    cwd: box.folder,
    env: { DOCKER_CONFIG: box.folder, TERM: "xterm", ...env },
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  const queue = [...answers];
  let screen = "";
  let read = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    screen += text;
    read += text;
    const next = queue[0];
    if (next !== undefined && read.includes(next[0])) {
      queue.shift();
      read = "";
      await writer.write(new TextEncoder().encode(next[1]));
    }
  }
  const { code } = await child.status;
  await writer.close().catch(() => {});
  return { code, screen };
}

/** The lines that were ever drawn, without control codes. */
export function linesOf({ screen }: Screen): readonly string[] {
  return screen.split(/\r?\n|\r/).map((line) =>
    // deno-lint-ignore no-control-regex
    line.replaceAll(/\x1b\[[0-9;?]*[A-Za-z]/g, "")
  );
}
