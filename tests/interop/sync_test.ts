import { assertEquals, assertStringIncludes } from "@std/assert";
import { openSandbox } from "../_support/cli_sandbox.ts";
import { startDockerRegistry } from "../_support/docker_registry.ts";
import { found } from "../_support/programs.ts";

const USER = { username: "mirror", password: "pa:ss word" };

Deno.test({
  name:
    "sync keeps docker-registry in step, with signatures and a backup, and untag tidies up there",
  ignore: !found("docker-registry"),
  async fn() {
    await using box = await openSandbox();
    await using docker = await startDockerRegistry({ user: USER });
    const { host } = box;
    const to = `${docker.host}/mirror/app`;
    await box.write("hi.txt", "hi\n");
    await box.ok("push", `${host}/app:1.0,1.1,2.0-rc.1`, "hi.txt");
    await box.ok(
      ...["attach", `${host}/app:1.1`, "--artifact-type", "a/b", "-a", "k=v"],
    );
    await box.write(
      "sync.yaml",
      `
creds:
  - registry: ${docker.host}
    tls: disabled
    user: ${USER.username}
    pass: '{{env "MIRROR_PASSWORD"}}'
defaults:
  referrers: true
  backup: "{{.Ref.Tag}}-before"
sync:
  - source: ${host}/app
    target: ${to}
    type: repository
    tags:
      semverRange: [">=1.1"]
      deny: [".*-rc.*"]
`,
    );
    const env = { MIRROR_PASSWORD: USER.password };
    const run = async (...args: string[]) =>
      await box.gantry(["sync", "sync.yaml", ...args], { env });
    const line = `${host}/app:1.1 => ${to}:1.1\n`;
    assertEquals((await run("--dry-run")).stdout, `Would copy ${line}`);
    assertEquals((await run()).stdout, `Copied     ${line}`);
    assertEquals((await run()).stdout, `Unchanged  ${line}`);
    const flags = ["--plain-http", "-u", USER.username, "-p", USER.password];
    assertStringIncludes(
      await box.ok("discover", `${to}:1.1`, ...flags),
      "a/b",
    );
    await box.write("hi.txt", "changed\n");
    await box.ok("push", `${host}/app:1.1`, "hi.txt");
    assertEquals((await run()).stdout, `Copied     ${line}`);
    const tags = async () =>
      (await box.ok("repo", "tags", "--exclude-digest-tags", to, ...flags))
        .trim().split("\n").sort();
    assertEquals(await tags(), ["1.1", "1.1-before"]);

    const before = await box.ok("resolve", `${to}:1.1-before`, ...flags);
    await box.ok("tag", `${to}:1.1-before`, "kept", ...flags);
    await box.ok("untag", `${to}:1.1-before`, ...flags);
    assertEquals(await tags(), ["1.1", "kept"]);
    assertEquals(await box.ok("resolve", `${to}:kept`, ...flags), before);
    await box.ok("pull", `${to}:kept`, "-o", "out", ...flags);
    assertEquals(await box.read("out/hi.txt"), "hi\n");
  },
});
