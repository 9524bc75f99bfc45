import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { openSandbox, type Sandbox } from "../_support/cli_sandbox.ts";
import { compareTrees } from "../_support/compare_trees.ts";
import { startDockerRegistry } from "../_support/docker_registry.ts";
import { found } from "../_support/programs.ts";
import { pattern } from "../_support/transports.ts";

const MIB = 1024 * 1024;
const ignore = !found("docker-registry");
const ignoreOras = !found("oras") || ignore;
const PATHS = ["hi.txt", "empty", "big.bin", "ü dir"];

/** Writes files and a directory below `in`. */
async function fill(box: Sandbox): Promise<void> {
  await box.write("in/hi.txt", "hi\n");
  await box.write("in/empty", "");
  await box.write("in/big.bin", pattern(0, 24 * MIB));
  await box.write("in/ü dir/a", "a\n");
  await box.write("in/ü dir/sub/run", "#!/bin/sh\n");
  await Deno.mkdir(join(box.folder, "in/ü dir/nothing"));
  await Deno.chmod(join(box.folder, "in/ü dir/sub/run"), 0o755);
  await Deno.symlink("a", join(box.folder, "in/ü dir/link"));
}

/** What differs between the files that were pushed and a folder. */
function differences(box: Sandbox, folder: string): Promise<string[]> {
  return compareTrees(join(box.folder, "in"), join(box.folder, folder), PATHS);
}

Deno.test({
  name: "docker-registry takes files and a directory, and gives them back",
  ignore,
  async fn() {
    await using server = await startDockerRegistry();
    await using box = await openSandbox();
    await fill(box);
    const cwd = join(box.folder, "in");
    const name = `${server.host}/team/app`;
    const push = ["push", "--plain-http", `${name}:v1,v2`, ...PATHS];
    const first = await box.gantry(push, { cwd });
    assertEquals(first.code, 0, first.stderr);
    assertStringIncludes(first.stdout, "Uploaded");
    const digest = /^Digest: (sha256:[0-9a-f]{64})$/m.exec(first.stdout)?.[1];
    const again = await box.gantry(push, { cwd });
    assertEquals(again.code, 0, again.stderr);
    assertStringIncludes(again.stdout, "Exists");

    const tags = await box.ok("repo", "tags", "--plain-http", name);
    assertEquals(tags, "v1\nv2\n");
    const names = await box.ok("repo", "ls", "--plain-http", server.host);
    assertEquals(names, "team/app\n");
    const pushed = `${name}@${digest}`;
    await box.ok("tag", "--plain-http", pushed, "first");
    const resolved = await box.ok("resolve", "--plain-http", `${name}:first`);
    assertEquals(resolved, `${digest}\n`);
    await box.ok("pull", "--plain-http", pushed, "-o", "out");
    assertEquals(await differences(box, "out"), []);
  },
});

Deno.test({
  name: "docker-registry with htpasswd lets in who has logged in",
  ignore,
  async fn() {
    const user = { username: "me", password: "s3cr3t:päss" };
    await using server = await startDockerRegistry({ user });
    await using box = await openSandbox();
    await fill(box);
    const cwd = join(box.folder, "in");
    const target = `${server.host}/team/app:v1`;
    const flags = ["--plain-http", target];
    const login = (password: string) =>
      box.gantry(
        ["login", "--plain-http", server.host, "-u", "me", "--password-stdin"],
        { stdin: `${password}\n` },
      );
    const refused = async (args: readonly string[]) => {
      const { code, stdout, stderr } = await box.gantry(args, { cwd });
      assertEquals(code, 1, `${args.join(" ")}: ${stdout}${stderr}`);
      assertStringIncludes(stderr, "Error response from registry: ");
      assertStringIncludes(stderr, `gantry login ${server.host}`);
      assert(!`${stdout}${stderr}`.includes("s3cr3t"), stderr);
    };

    await refused(["push", ...flags, "hi.txt"]);
    const wrong = await login("s3cr3t:wrong");
    assertEquals(wrong.code, 1);
    assertStringIncludes(wrong.stderr, "Error response from registry: ");
    assert(!`${wrong.stdout}${wrong.stderr}`.includes("s3cr3t"));
    await refused(["pull", ...flags, "-u", "me", "-p", "s3cr3t:wrong"]);

    assertEquals(await login(user.password), {
      code: 0,
      stdout: "Login Succeeded\n",
      stderr: "",
    });
    const pushed = await box.gantry(["push", ...flags, ...PATHS], { cwd });
    assertEquals(pushed.code, 0, pushed.stderr);
    await box.ok("pull", ...flags, "-o", "out");
    assertEquals(await differences(box, "out"), []);

    await box.ok("logout", server.host);
    await refused(["pull", ...flags]);
    const given = ["-u", user.username, "-p", user.password];
    await box.ok("pull", ...flags, ...given, "-o", "again");
    assertEquals(await differences(box, "again"), []);
  },
});

Deno.test({
  name: "oras pulls from docker-registry what gantry pushed",
  ignore: ignoreOras,
  async fn() {
    await using server = await startDockerRegistry();
    await using box = await openSandbox();
    await fill(box);
    const flags = ["--plain-http", `${server.host}/team/app:v1`];
    const cwd = join(box.folder, "in");
    const pushed = await box.gantry(["push", ...flags, ...PATHS], { cwd });
    assertEquals(pushed.code, 0, pushed.stderr);
    const pulled = await box.oras(["pull", "--no-tty", ...flags, "-o", "out"]);
    assertEquals(pulled.code, 0, pulled.stderr);
    assertEquals(await differences(box, "out"), []);
  },
});

Deno.test({
  name: "gantry pulls from docker-registry what oras pushed",
  ignore: ignoreOras,
  async fn() {
    await using server = await startDockerRegistry();
    await using box = await openSandbox();
    await fill(box);
    const flags = ["--plain-http", `${server.host}/team/app:v1`];
    const { success, stderr } = await new Deno.Command("oras", {
      args: ["push", "--no-tty", ...flags, ...PATHS],
      cwd: join(box.folder, "in"),
    }).output();
    assert(success, new TextDecoder().decode(stderr));
    await box.ok("pull", ...flags, "-o", "out");
    assertEquals(await differences(box, "out"), []);
  },
});
