import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createRegistry } from "@gantry/oci/distribution/server";
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
    stderr: "WARNING! $.defaults.interval has no effect: schedules are left " +
      "to cron and CI\n",
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
    ["!!js/function x: 1\n", "$.x: expected one of"],
  ];
  for (const [text, words] of cases) {
    await box.write("bad.yaml", text!);
    const { code, stderr, stdout } = await box.gantry(["sync", "bad.yaml"]);
    assertEquals([code, stdout], [1, ""], text);
    assertStringIncludes(stderr, words!);
    assert(stderr.startsWith("Error: "), stderr);
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

Deno.test("sync expands templates, and sends a credential of the file to its registry only", async () => {
  const seen: string[] = [];
  const registry = createRegistry();
  await using box = await openSandbox((request) => {
    const { pathname } = new URL(request.url);
    seen.push(`${pathname} ${request.headers.get("authorization")}`);
    return pathname.startsWith("/v2/closed/") &&
        !request.headers.has("authorization")
      ? new Response(null, {
        status: 401,
        headers: { "www-authenticate": 'Basic realm="closed"' },
      })
      : registry.fetch(request);
  });
  const { host } = box;
  const other = host.replace("localhost", "127.0.0.1");
  await box.write("hi.txt", "hi\n");
  await box.write("secret.txt", "pass word\n");
  await box.ok("push", `${host}/app:v1`, "hi.txt");
  await box.write(
    "sync.yaml",
    `
creds:
  - registry: "${other}"
    tls: disabled
    user: '{{env "SYNC_USER"}}'
    pass: '{{file "secret.txt"}}'
sync:
  - source: "${host}/app:v1"
    target: '${other}/closed/{{split "/" .Sync.Source | len}}:v1'
    type: image
    backup: "{{.Ref.Tag}}-old"
`,
  );
  const env = { SYNC_USER: "me" };
  seen.length = 0;
  const done = await box.gantry(["sync", "sync.yaml"], { env });
  assertEquals(done, {
    code: 0,
    stdout: `Copied     ${host}/app:v1 => ${other}/closed/2:v1\n`,
    stderr: "",
  });
  const basic = `Basic ${btoa("me:pass word")}`;
  for (const line of seen) {
    const isClosed = line.startsWith("/v2/closed/");
    assertEquals(line.endsWith("null") || isClosed, true, line);
    assertEquals(line.endsWith("null") || line.endsWith(basic), true, line);
  }
  await box.write("hi.txt", "changed\n");
  await box.ok("push", `${host}/app:v1`, "hi.txt");
  await box.gantry(["sync", "sync.yaml"], { env });
  assertEquals(
    (await box.gantry(["repo", "tags", `${other}/closed/2`, "--plain-http"], {
      env,
    })).stderr.includes("401"),
    true,
  );
  const tags = await registry.fetch(
    new Request(`http://x/v2/closed/2/tags/list`),
  );
  assertEquals((await tags.json()).tags, ["v1", "v1-old"]);

  const without = await box.gantry(["sync", "sync.yaml"]);
  assertEquals(without.code, 1);
  assertStringIncludes(
    without.stderr,
    "$.creds[0].user: template: SYNC_USER is not set in the environment",
  );
});
