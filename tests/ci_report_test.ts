import { assertEquals } from "@std/assert";
import { parseReport } from "../.ci/_tests.ts";

const REPORTS: readonly {
  name: string;
  output: string;
  code: number;
  expected: ReturnType<typeof parseReport>;
}[] = [
  {
    name: "a run that passed, in colour, with a test left out",
    output: [
      "running 3 tests from ./a_test.ts",
      "a() does b ... \x1b[0m\x1b[32mok\x1b[0m (1ms)",
      "copies with skopeo ... ignored (0ms)",
      "",
      "\x1b[0m\x1b[32mok\x1b[0m | 12 passed (4 steps) | 0 failed | 1 ignored (2s)",
    ].join("\n"),
    code: 0,
    expected: { passed: 12, failed: 0, ignored: ["copies with skopeo"] },
  },
  {
    name: "a run with a failed test",
    output: "FAILED | 3 passed (4 steps) | 2 failed (1 step) (102ms)",
    code: 1,
    expected: { passed: 3, failed: 2, ignored: [] },
  },
  {
    name: "a run that printed a sum, and then failed",
    output: "ok | 3 passed | 0 failed (102ms)",
    code: 1,
    expected: { passed: 3, failed: 1, ignored: [] },
  },
  {
    name: "a run that ended before any test",
    output: "",
    code: 0,
    expected: { passed: 0, failed: 1, ignored: [] },
  },
];

for (const { name, output, code, expected } of REPORTS) {
  Deno.test(`parseReport() reads ${name}`, () => {
    assertEquals(parseReport(output, code), expected);
  });
}
