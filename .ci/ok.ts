// deno-lint-ignore-file no-console
/** Runs everything that CI runs; the last line sums it up. */
import { CHECKS, title } from "./_checks.ts";
import { runTests } from "./_tests.ts";

let passed = 0;
let failed = 0;

console.log(await title());
for (const check of CHECKS) {
  const problems = await check.run();
  console.log(`${problems.length === 0 ? "ok" : "FAILED"}: ${check.name}`);
  for (const problem of problems) console.log(`  ${problem}`);
  if (problems.length === 0) passed++;
  else failed++;
}

const tests = await runTests();
passed += tests.passed;
failed += tests.failed;
console.log(`${tests.failed === 0 ? "ok" : "FAILED"}: ${tests.command}`);
if (tests.ignored.length > 0) {
  console.log(`${tests.ignored.length} tests did not run:`);
  for (const name of tests.ignored) console.log(`  ${name}`);
}

console.log(`${passed} passed, ${failed} failed`);
Deno.exitCode = failed === 0 ? 0 : 1;
