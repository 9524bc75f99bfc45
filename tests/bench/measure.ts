import { programPath } from "../_support/programs.ts";

/** What one run of a program took. */
export interface Measured {
  /** Wall time in seconds, start-up included. */
  readonly wall: number;
  /** Processor time in seconds; `NaN` where it cannot be known. */
  readonly cpu: number;
  /** The largest resident memory in MB; `NaN` where it cannot be known. */
  readonly memory: number;
}

/** A program with its arguments, and what it needs around it. */
export interface Program {
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** Variables beside those that are set. */
  readonly env?: Record<string, string>;
  /** The file that takes its stdout; thrown away where not given. */
  readonly stdout?: string;
}

/** GNU time, which tells processor time and memory. */
const TIME = programPath("time");

/**
 * Runs a program and measures it.
 *
 * @throws {Error} It did not end well.
 */
export async function measure(
  { command, env = {}, stdout }: Program,
): Promise<Measured> {
  const report = TIME && await Deno.makeTempFile({ prefix: "gantry-bench-" });
  const whole = [
    ...report ? [TIME, "-o", report, "-f", "%U %S %M"] : [],
    ...stdout === undefined ? [] : ["sh", "-c", `exec "$@" >"$0"`, stdout],
    ...command,
  ];
  try {
    const start = performance.now();
    const child = new Deno.Command(whole[0]!, {
      args: whole.slice(1),
      env: { ...env, NO_COLOR: "1" },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const [stderr, status] = await Promise.all([
      new Response(child.stderr).text(),
      child.status,
    ]);
    const wall = (performance.now() - start) / 1000;
    if (!status.success) {
      throw new Error(`${command.join(" ")} failed: ${stderr.trim()}`);
    }
    return { wall, ...parseReport(report && await Deno.readTextFile(report)) };
  } finally {
    if (report) await Deno.remove(report);
  }
}

function parseReport(
  report: string | undefined,
): Pick<Measured, "cpu" | "memory"> {
  const [user, system, kilobytes] = report?.trim().split(" ").map(Number) ?? [];
  return {
    cpu: (user ?? NaN) + (system ?? NaN),
    memory: (kilobytes ?? NaN) / 1024,
  };
}

/** The middle of some numbers. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? sorted[middle]!
    : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
