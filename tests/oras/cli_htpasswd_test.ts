import { htpasswd } from "@gantry/oci/distribution/server";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { runGantry } from "../_support/gantry.ts";

Deno.test("htpasswd adds, changes and removes users", async () => {
  const folder = await Deno.makeTempDir();
  const file = join(folder, "users");
  const set = (user: string, stdin: string) =>
    runGantry(
      ["htpasswd", "--cost=4", "--password-stdin", file, user],
      { stdin },
    );
  const may = async (user: string, password: string) =>
    await htpasswd(await Deno.readTextFile(file))(user, password) !== undefined;
  assertEquals(await set("alice", "pass:wörd\n"), {
    code: 0,
    stdout: "Added user alice\n",
    stderr: "",
  });
  assertEquals((await Deno.stat(file)).mode! & 0o777, 0o600);
  assertEquals(await may("alice", "pass:wörd"), true);
  await Deno.writeTextFile(
    file,
    `# kept\n\n${await Deno.readTextFile(file)}`,
  );
  await set("bob", "two");
  assertEquals(
    (await set("alice", "other")).stdout,
    "Changed password of user alice\n",
  );
  assertEquals(await may("alice", "pass:wörd"), false);
  assertEquals(await may("alice", "other"), true);
  assertEquals(await may("bob", "two"), true);
  const removed = await runGantry(["htpasswd", "--delete", file, "bob"]);
  assertEquals(removed.stdout, "Removed user bob\n");
  assertEquals(await may("bob", "two"), false);
  const text = await Deno.readTextFile(file);
  assert(text.startsWith("# kept\n\nalice:$2"), text);
  assertEquals(
    await Array.fromAsync(Deno.readDir(folder), ({ name }) => name),
    ["users"],
  );
  await Deno.remove(folder, { recursive: true });
});

Deno.test("htpasswd asks twice, and refuses what cannot be a login", async () => {
  const folder = await Deno.makeTempDir();
  const file = join(folder, "users");
  const run = (args: string[], stdin = "") =>
    runGantry(["htpasswd", "--cost=4", ...args], { stdin });
  const asked = await run([file, "me"], "one\none\n");
  assertEquals([asked.code, asked.stdout], [0, "Added user me\n"]);
  assertStringIncludes(asked.stderr, "Password: ");
  assert(!asked.stderr.includes("one"));
  const before = await Deno.readTextFile(file);
  const cases: readonly [string[], string, string][] = [
    [[file, "me"], "one\ntwo\n", "the passwords differ"],
    [[file, "me"], "", "password required"],
    [["--password-stdin", file, "me"], "", "password required"],
    [["--password-stdin", file, "me"], "x".repeat(73), "longer than 72 bytes"],
    [[file, "a:b"], "one\none\n", "invalid user"],
    [[file, "#x"], "one\none\n", "invalid user"],
    [["--delete", file, "you"], "", "no user you"],
    [["--cost=3", file, "me"], "", "invalid --cost"],
  ];
  for (const [args, stdin, message] of cases) {
    const { code, stderr } = await run(args, stdin);
    assertEquals([message, code], [message, 1]);
    assertStringIncludes(stderr, message);
    assertEquals(await Deno.readTextFile(file), before);
  }
  await Deno.remove(folder, { recursive: true });
});
