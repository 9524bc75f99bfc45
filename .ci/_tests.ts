import { ROOT } from "./_project.ts";

/** What a run of the tests came to. */
export interface TestRun {
  /** The command, as one types it. */
  command: string;
  /** How many tests passed. */
  passed: number;
  /** How many tests failed; at least one where the run itself failed. */
  failed: number;
  /** The names of the tests that did not run. */
  ignored: string[];
}

/** Runs the README's command for the tests, its output on ours. */
export async function runTests(): Promise<TestRun> {
  const [program, ...args] = await hasNpx()
    ? ["npx", "-y", "deno", "task", "test"]
    : [Deno.execPath(), "task", "test"];
  const child = new Deno.Command(program!, {
    args,
    cwd: ROOT,
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const [shown, read] = child.stdout.tee();
  const [output] = await Promise.all([
    new Response(read).text(),
    shown.pipeTo(Deno.stdout.writable, { preventClose: true }),
  ]);
  const { code } = await child.status;
  return {
    command: [program, ...args].join(" "),
    ...parseReport(output, code),
  };
}

/** Reads the report that `deno test` prints. */
export function parseReport(
  output: string,
  code: number,
): Omit<TestRun, "command"> {
  // deno-lint-ignore no-control-regex
  const text = output.replaceAll(/\x1b\[[0-9;]*m/g, "");
  const sums = [...text.matchAll(/^\w+ \| (\d+) passed.*? \| (\d+) failed/gm)];
  const [, passed = "0", failed = "0"] = sums.at(-1) ?? [];
  const ignored = [...text.matchAll(/^(.+) \.\.\. ignored\b/gm)];
  return {
    passed: Number(passed),
    failed: Math.max(Number(failed), code === 0 && sums.length > 0 ? 0 : 1),
    ignored: ignored.map(([, name]) => name!),
  };
}

async function hasNpx(): Promise<boolean> {
  try {
    const npx = new Deno.Command("npx", {
      args: ["--version"],
      stdout: "null",
      stderr: "null",
    });
    return (await npx.output()).success;
  } catch {
    return false;
  }
}
