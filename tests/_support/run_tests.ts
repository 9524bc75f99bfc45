/** What {@linkcode runTests} found out; goes through JSON. */
export interface TestReport {
  /** How many tests passed. */
  readonly passed: number;
  /** The names of the tests that failed, each with its file and its error. */
  readonly failed: readonly string[];
  /** How many tests passed, by file. */
  readonly files: Readonly<Record<string, number>>;
}

/** What a file hands to `Deno.test`. */
export type Definition = readonly [
  test: string | TestObject,
  run?: TestBody,
];

type TestBody = (context: TestContext) => void | Promise<void>;

interface TestObject {
  readonly name: string;
  readonly ignore?: boolean;
  readonly fn: TestBody;
}

interface TestContext {
  readonly name: string;
  step(name: string, run: TestBody): Promise<boolean>;
}

/** How long one test may take, in milliseconds. */
const PATIENCE = 60_000;

/**
 * Runs the tests of files, one after the other, on whatever runtime this is.
 *
 * Each file is loaded when its turn comes, and leaves its tests in `defined`.
 */
export async function runTests(
  files: Readonly<Record<string, () => Promise<unknown>>>,
  defined: Definition[],
): Promise<TestReport> {
  const report = {
    passed: 0,
    failed: [] as string[],
    files: {} as Record<string, number>,
  };
  for (const [file, load] of Object.entries(files)) {
    const before = report.passed;
    try {
      await load();
    } catch (error) {
      report.failed.push(`${file} cannot be loaded: ${tell(error)}`);
    }
    for (const [test, run] of defined.splice(0)) {
      const { name, ignore, fn } = typeof test === "string"
        ? { name: test, ignore: false, fn: run! }
        : test;
      if (ignore) continue;
      try {
        await inTime(fn(context(name)));
        report.passed++;
      } catch (error) {
        report.failed.push(`${file}: ${name}: ${tell(error)}`);
      }
    }
    report.files[file] = report.passed - before;
  }
  return report;
}

function context(name: string): TestContext {
  return {
    name,
    async step(name, run) {
      await run(context(name));
      return true;
    },
  };
}

async function inTime(running: void | Promise<void>): Promise<void> {
  let timer;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("It takes too long")), PATIENCE);
  });
  try {
    await Promise.race([running, late]);
  } finally {
    clearTimeout(timer);
  }
}

function tell(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error);
}
