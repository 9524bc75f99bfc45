import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { bundleTests, ENTRY } from "../_support/bundle_tests.ts";
import { probeInChromium } from "../_support/chromium.ts";
import { recentNode } from "../_support/node.ts";
import { portableTests } from "../_support/portable_tests.ts";
import { found } from "../_support/programs.ts";
import type { TestReport } from "../_support/run_tests.ts";

/** What must be among the tests, so that none is lost by an import. */
const SUITES = [
  "tests/digest/digest_test.ts",
  "tests/digest/registered_test.ts",
  "tests/digest/verify_stream_test.ts",
  "tests/image/validate_test.ts",
  "tests/image/parse_json_test.ts",
  "tests/image/layer/compression_test.ts",
  "tests/image/layer/gunzip_test.ts",
  "tests/image/layer/gzip_test.ts",
  "tests/image/layer/read_tar_test.ts",
  "tests/image/layer/sparse_test.ts",
  "tests/image/layer/validate_layer_test.ts",
  "tests/distribution/delete_tag_test.ts",
  "tests/distribution/manifests_test.ts",
  "tests/distribution/referrers_test.ts",
  "tests/distribution/stall_test.ts",
  "tests/distribution/trace_test.ts",
  "tests/distribution/ecr_test.ts",
  "tests/distribution/detect_endpoint_test.ts",
  "tests/distribution/auth_test.ts",
  "tests/distribution/auth_grants_test.ts",
  "tests/distribution/redirect_test.ts",
  "tests/distribution/reference_test.ts",
  "tests/distribution/reggie_test.ts",
  "tests/distribution/repository_test.ts",
  "tests/distribution/retry_test.ts",
  "tests/distribution/upload_test.ts",
  "tests/distribution/download_test.ts",
  "tests/distribution/server_push_rules_test.ts",
  "tests/distribution/server_pull_rules_test.ts",
  "tests/distribution/server_manifest_rules_test.ts",
  "tests/distribution/server_list_rules_test.ts",
  "tests/distribution/server_auth_test.ts",
  "tests/distribution/server_fuzz_test.ts",
  "tests/distribution/server_options_test.ts",
  "tests/distribution/server_storage_test.ts",
  "tests/oras/closed_source_test.ts",
  "tests/oras/copy_test.ts",
  "tests/oras/copy_tags_test.ts",
  "tests/oras/discover_test.ts",
  "tests/oras/image_index_test.ts",
  "tests/oras/login_test.ts",
  "tests/oras/oras_py_wire_fixes_test.ts",
  "tests/oras/push_test.ts",
  "tests/oras/registry_test.ts",
  "tests/oras/registry_options_test.ts",
  "tests/oras/registry_steps_test.ts",
  "tests/oras/template_test.ts",
  "tests/oras/sync/sync_test.ts",
  "tests/oras/sync/sync_config_test.ts",
  "tests/oras/stores/portable_store_test.ts",
];

/** Lets Node take `.js` for modules. */
const MODULES = `{"type":"module"}`;

let bundled: Promise<ReadonlyMap<string, string>> | undefined;

/** The bundle is the same for every runtime, and made once. */
function bundleOnce(): Promise<ReadonlyMap<string, string>> {
  bundled ??= portableTests().then(({ chosen }) => bundleTests(chosen));
  return bundled;
}

async function assertReport(report: TestReport): Promise<void> {
  assert(report.failed.length === 0, report.failed.join("\n"));
  const { chosen } = await portableTests();
  assertEquals(Object.keys(report.files), chosen);
  for (const [file, passed] of Object.entries(report.files)) {
    assert(passed > 0, `${file} has no test that ran`);
  }
  assert(report.passed >= 1700, `Only ${report.passed} tests ran`);
}

Deno.test("portable tests are chosen by what they import", async () => {
  const { chosen, leftOut } = await portableTests();
  for (const suite of SUITES) {
    assert(chosen.includes(suite), `${suite}: ${leftOut.get(suite)}`);
  }
});

Deno.test({
  name: "the portable tests pass in headless Chromium",
  ignore: !found("chromium"),
  async fn() {
    const report = await probeInChromium(await bundleOnce());
    await assertReport(report as TestReport);
  },
});

Deno.test({
  name: "the portable tests pass in Node",
  ignore: recentNode() === undefined,
  fn: () => assertPasses(recentNode()!),
});

Deno.test({
  name: "the portable tests pass in Bun",
  ignore: !found("bun"),
  fn: () => assertPasses("bun"),
});

/** Lets a program run the bundle, and looks at what it reports. */
async function assertPasses(program: string): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(folder, "package.json"), MODULES);
    for (const [name, text] of await bundleOnce()) {
      await Deno.writeTextFile(join(folder, name), text);
    }
    const main = join(folder, "main.js");
    await Deno.writeTextFile(
      main,
      `import { probe } from "./${ENTRY}";
process.stdout.write(JSON.stringify(await probe()));
`,
    );
    const { success, stdout, stderr } = await new Deno.Command(program, {
      args: [main],
      stdin: "null",
    }).output();
    assert(success, new TextDecoder().decode(stderr));
    await assertReport(JSON.parse(new TextDecoder().decode(stdout)));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
