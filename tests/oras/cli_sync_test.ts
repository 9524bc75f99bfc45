import { assertEquals, assertStringIncludes } from "@std/assert";
import { openSandbox } from "../_support/cli_sandbox.ts";

Deno.test("sync copies what a file names, tells of each tag, and fails at the end where one has", async () => {
  await using box = await openSandbox();
  const { host } = box;
  await box.write("hi.txt", "hi\n");
  await box.ok("push", `${host}/app:v1.0.0,v2.0.0`, "hi.txt");
  await box.write(
    "sync.yaml",
    `version: 1
x-common: &common
  type: repository
defaults:
  parallel: 1
  interval: 1h
sync:
  - <<: *common
    source: ${host}/app
    target: ${host}/mirror/app
    tags:
      semverRange: [">=2"]
`,
  );
  const line = `${host}/app:v2.0.0 => ${host}/mirror/app:v2.0.0\n`;
  const dry = await box.gantry(["sync", "sync.yaml", "--dry-run"]);
  assertEquals(dry, {
    code: 0,
    stdout: `Would copy ${line}`,
    stderr: "WARNING! $.defaults.interval has no effect here\n",
  });
  assertEquals(await box.ok("sync", "sync.yaml"), `Copied     ${line}`);
  assertEquals(await box.ok("sync", "sync.yaml"), `Unchanged  ${line}`);
  const { results } = JSON.parse(
    await box.ok("sync", "sync.yaml", "--format=json"),
  );
  assertEquals(results[0].outcome, "unchanged");

  const failing = await box.gantry(["sync", "-"], {
    stdin: JSON.stringify({
      sync: [
        { source: `${host}/app:none`, target: `${host}/x:1`, type: "image" },
        { source: `${host}/app:v1.0.0`, target: `${host}/x:2`, type: "image" },
      ],
    }),
  });
  assertEquals(failing.code, 1);
  assertStringIncludes(failing.stdout, `Copied     ${host}/app:v1.0.0`);
  assertStringIncludes(failing.stdout, `Failed     ${host}/app:none`);
  assertStringIncludes(failing.stderr, "Error: 1 of 2 failed\n");
});

Deno.test("sync names what is wrong with its file, and where", async () => {
  await using box = await openSandbox();
  const cases = [
    ["version: 1\nsync: [", "at line 2, column"],
    ["sync: [{source: a, target: b}]", "$.sync[0].type: expected"],
    ["snyc: []", "$.snyc: expected one of version, creds, defaults, sync"],
    ["a: &a [*a]\nsync: *b", "is no YAML"],
  ];
  for (const [text, words] of cases) {
    await box.write("bad.yaml", text!);
    const { code, stderr, stdout } = await box.gantry(["sync", "bad.yaml"]);
    assertEquals([code, stdout], [1, ""], text);
    assertStringIncludes(stderr, words!);
  }
});

Deno.test("sync goes from a registry to a layout on disk and back", async () => {
  await using box = await openSandbox();
  const { host } = box;
  await box.write("hi.txt", "hi\n");
  await box.ok("push", `${host}/app:v1,v2`, "hi.txt");
  const entry = (source: string, target: string) =>
    JSON.stringify({ sync: [{ source, target, type: "repository" }] });
  await box.write("out.json", entry(`${host}/app`, "ocidir://mirror"));
  await box.write("in.json", entry("ocidir://mirror", `${host}/back`));
  for (const word of ["Copied   ", "Unchanged"]) {
    assertEquals(
      (await box.ok("sync", "out.json")).split("\n").sort(),
      [
        "",
        `${word}  ${host}/app:v1 => ocidir://mirror:v1`,
        `${word}  ${host}/app:v2 => ocidir://mirror:v2`,
      ],
    );
  }
  await box.ok("sync", "in.json");
  assertEquals(await box.ok("repo", "tags", `${host}/back`), "v1\nv2\n");
  assertEquals(
    await box.ok("resolve", "--oci-layout", "mirror:v2"),
    await box.ok("resolve", `${host}/back:v2`),
  );
});
