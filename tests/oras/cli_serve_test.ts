import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runGantry, startGantry } from "../_support/gantry.ts";

Deno.test("serve prints one line, keeps what is pushed, and ends cleanly", async () => {
  const folder = await Deno.makeTempDir();
  const env = { DOCKER_CONFIG: folder };
  await Deno.writeTextFile(join(folder, "hi.txt"), "hi\n");
  const root = join(folder, "root");
  const serve = ["serve", "--listen", "127.0.0.1:0", "--root", root];
  {
    await using server = await startGantry(serve);
    assert(/^Listening on http:\/\/127\.0\.0\.1:\d+$/.test(server.firstLine));
    const pushed = await runGantry(
      ["push", "--plain-http", `${server.host}/team/app:v1`, "hi.txt"],
      { cwd: folder, env },
    );
    assertEquals(pushed.code, 0, pushed.stderr);
  }
  {
    await using server = await startGantry([...serve, "--read-only"]);
    const flags = ["--plain-http", `${server.host}/team/app:v1`];
    const pulled = await runGantry(["pull", ...flags, "-o", "out"], {
      cwd: folder,
      env,
    });
    assertEquals(pulled.code, 0, pulled.stderr);
    const refused = await runGantry(["tag", ...flags, "v2"], { env });
    assertEquals(refused.code, 1);
  }
  assertEquals(await Deno.readTextFile(join(folder, "out", "hi.txt")), "hi\n");
  await Deno.remove(folder, { recursive: true });
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`serve ends with exit code 0 on ${signal}`, async () => {
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-q", "-A"],
        fileURLToPath(new URL("../../cli.ts", import.meta.url)),
        ...["serve", "--listen", "127.0.0.1:0"],
      ],
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const reader = child.stdout.getReader();
    const { value } = await reader.read();
    const line = new TextDecoder().decode(value);
    const url = line.trim().split(" ").at(-1);
    assertEquals(await (await fetch(`${url}/v2/`)).json(), {});
    child.kill(signal);
    assertEquals((await child.status).code, 0);
    assertEquals(await new Response(child.stderr).text(), "");
    assertEquals((await reader.read()).done, true);
  });
}

Deno.test("serve --htpasswd lets in whom the file names, and login stores what works", async () => {
  const { hash } = await import("bcryptjs");
  const folder = await Deno.makeTempDir();
  const env = { DOCKER_CONFIG: folder };
  const users = join(folder, "users");
  await Deno.writeTextFile(users, `me:${await hash("pa:ss", 4)}\n`);
  {
    await using server = await startGantry(
      ["serve", "--listen=127.0.0.1:0", "--htpasswd", users],
    );
    const flags = ["--plain-http", server.host];
    const list = () => runGantry(["repo", "ls", ...flags], { env });
    assertEquals((await list()).code, 1);
    const wrong = await runGantry(
      ["login", ...flags, "-u", "me", "--password-stdin"],
      { env, stdin: "wrong\n" },
    );
    assertEquals(wrong.code, 1);
    assertStringIncludes(wrong.stderr, "Error response from registry: ");
    const right = await runGantry(
      ["login", ...flags, "-u", "me", "-p", "pa:ss"],
      { env },
    );
    assertEquals(right, {
      code: 0,
      stdout: "Login Succeeded\n",
      stderr:
        "WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n",
    });
    const config = JSON.parse(
      await Deno.readTextFile(join(folder, "config.json")),
    );
    assertEquals(config.auths[server.host], { auth: btoa("me:pa:ss") });
    assertEquals((await list()).code, 0);
    const logout = ["logout", server.host];
    const silent = { code: 0, stdout: "", stderr: "" };
    assertEquals(await runGantry(logout, { env }), silent);
    assertEquals((await list()).code, 1);
    assertEquals(await runGantry(logout, { env }), silent);

    const other = join(folder, "other.json");
    const piped = await runGantry(
      ["login", ...flags, "--registry-config", other],
      { env, stdin: "me\npa:ss\n" },
    );
    assertEquals(piped.stdout, "Login Succeeded\n");
    assertStringIncludes(piped.stderr, "Username: Password: ");
    assertStringIncludes(await Deno.readTextFile(other), server.host);
    const none = await runGantry(["login", ...flags], { env, stdin: "" });
    assertEquals(none.code, 1);
    assertStringIncludes(none.stderr, "Error: token required\n");
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("serve says what is wrong with its flags and its address", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const taken = `127.0.0.1:${listener.addr.port}`;
  const cases: readonly [string[], string][] = [
    [["--listen", taken], `cannot listen on ${taken}: the address is in use`],
    [["--listen", "nowhere"], 'invalid address "nowhere": expecting host:port'],
    [
      ["--root=x", "--memory"],
      "--root, --memory cannot be used at the same time",
    ],
    [
      ["--tls-key=x"],
      "--tls-key must be used in conjunction with --tls-cert",
    ],
    [["--htpasswd=nofile"], "open nofile: no such file or directory"],
  ];
  for (const [flags, message] of cases) {
    assertEquals(await runGantry(["serve", ...flags]), {
      code: 1,
      stdout: "",
      stderr: `Error: ${message}\n`,
    });
  }
  listener.close();
});
