import { fileURLToPath } from "node:url";

/** The command as a user runs it from a clone. */
const COMMAND: readonly string[] = [
  Deno.execPath(),
  "run",
  "--quiet",
  "-A",
  fileURLToPath(new URL("../../cli.ts", import.meta.url)),
];

/** The words that run the command. */
export function gantryCommand(): readonly string[] {
  return COMMAND;
}

/** Words as a line of the shell, whatever is in them: the path of a clone may have spaces and quotes. */
export function shellLine(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
}

/** What a finished command left. */
export interface Finished {
  /** The exit code. */
  readonly code: number;
  /** All of its stdout. */
  readonly stdout: string;
  /** All of its stderr. */
  readonly stderr: string;
}

/** Where and how {@linkcode runGantry} runs. */
export interface RunOptions {
  /** The working directory. */
  readonly cwd?: string;
  /** Variables beside those that are set. */
  readonly env?: Record<string, string>;
  /** What it reads on stdin; nothing where not given. */
  readonly stdin?: string;
  /** Ends the command. */
  readonly signal?: AbortSignal;
}

/** Runs the command in a process of its own and waits for its end. */
export async function runGantry(
  args: readonly string[],
  options: RunOptions = {},
): Promise<Finished> {
  return await runProgram([...COMMAND, ...args], options);
}

/** Runs a program and waits for its end. */
export async function runProgram(
  line: readonly string[],
  options: RunOptions = {},
): Promise<Finished> {
  const { stdin, ...rest } = options;
  const [program, ...args] = line;
  const child = new Deno.Command(program!, {
    args,
    stdin: stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
    ...rest,
  }).spawn();
  if (stdin !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(stdin));
    await writer.close();
  }
  const { code, stdout, stderr } = await child.output();
  return {
    code,
    stdout: new TextDecoder().decode(stdout),
    stderr: new TextDecoder().decode(stderr),
  };
}

/** A running `gantry serve`. */
export interface Gantry extends AsyncDisposable {
  /** The first line of its stdout, which says where it listens. */
  readonly firstLine: string;
  /** Where it listens, as `host:port`. */
  readonly host: string;
  /** The process id. */
  readonly pid: number;
  /** Runs another command beside it. */
  run: typeof runGantry;
}

/** Starts `gantry serve …` and waits until it listens; disposing ends it. */
export async function startGantry(args: readonly string[]): Promise<Gantry> {
  const [program, ...prefix] = COMMAND;
  const child = new Deno.Command(program!, {
    args: [...prefix, ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const stop = async (): Promise<void> => {
    try {
      child.kill("SIGTERM");
    } catch {
      // It has ended already.
    }
    await child.status;
    await reader.cancel();
  };
  let text = "";
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) break;
    text += value;
  }
  const firstLine = text.split("\n")[0]!;
  const url = /^Listening on (https?:\/\/\S+)$/.exec(firstLine)?.[1];
  if (url === undefined) {
    await stop();
    throw new Error(`Cannot start gantry ${args.join(" ")}: "${firstLine}"`);
  }
  return {
    firstLine,
    host: new URL(url).host,
    pid: child.pid,
    run: runGantry,
    [Symbol.asyncDispose]: stop,
  };
}
