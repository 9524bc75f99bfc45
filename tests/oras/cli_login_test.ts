import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { processMark } from "../../distribution/node/_process_mark.ts";
import { openSandbox, type Sandbox } from "../_support/cli_sandbox.ts";
import { type Finished, runGantry } from "../_support/gantry.ts";
import type { TokenRequestSeen } from "../distribution/_auth_world.ts";
import { ServedAuthWorld } from "../distribution/_served_auth_world.ts";

const noShell = Deno.build.os === "windows";
const BASIC = `Basic ${btoa("me:s3cret")}`;

/** A helper that keeps one credential in a file, and fails on demand. */
const HELPER = `#!/bin/sh
set -eu
[ -z "\${FAIL:-}" ] || { echo "s3cret is locked"; echo "s3cret" >&2; exit 1; }
input=$(cat)
case "$1" in
store) printf %s "$input" >"$STORE/kept" ;;
get|erase)
  if ! [ -f "$STORE/kept" ]; then echo "credentials not found in native keychain"; exit 1; fi
  if [ "$1" = get ]; then cat "$STORE/kept"; else rm "$STORE/kept"; fi ;;
esac
`;

/** A token service that knows one user and one identity token. */
function onlyMe({ authorization, form }: TokenRequestSeen): Response {
  return authorization === BASIC || form.get("refresh_token") === "s3cret-id"
    ? Response.json({ token: `t0ken-${crypto.randomUUID()}` })
    : new Response(null, { status: 401 });
}

/** Runs gantry where docker's config names the helper. */
async function withHelper(
  box: Sandbox,
  args: readonly string[],
  { env, stdin = "" }: { stdin?: string; env?: Record<string, string> } = {},
): Promise<Finished> {
  const bin = join(box.folder, "bin");
  await box.write("bin/docker-credential-keeper", HELPER);
  await Deno.chmod(join(bin, "docker-credential-keeper"), 0o755);
  return await runGantry(args, {
    cwd: box.folder,
    stdin,
    env: {
      DOCKER_CONFIG: box.folder,
      PATH: `${bin}:${Deno.env.get("PATH")}`,
      REGISTRY_AUTH_FILE: "/nonexistent",
      STORE: box.folder,
      ...env,
    },
  });
}

Deno.test({
  name:
    "login and logout keep and drop a credential in the helper that docker's config names",
  ignore: noShell,
  async fn() {
    await using world = new ServedAuthWorld({ token: onlyMe });
    await using box = await openSandbox();
    const config = '{"credsStore":"keeper","other":1}';
    await box.write("config.json", config);
    const { registry } = world;
    const plain = ["--plain-http"];
    const tags = ["repo", "tags", ...plain, `${registry}/app`];
    const before = await withHelper(box, tags);
    assertEquals(before.code, 1, before.stdout);

    const wrong = await withHelper(
      box,
      ["login", registry, ...plain, "-u", "me", "--password-stdin"],
      { stdin: "wrong" },
    );
    assertEquals([wrong.code, await box.exists("kept")], [1, false]);

    const login = await withHelper(
      box,
      ["login", registry, ...plain, "-u", "me", "--password-stdin"],
      { stdin: "s3cret\n" },
    );
    assertEquals([login.code, login.stdout], [0, "Login Succeeded\n"]);
    assertEquals(JSON.parse(await box.read("kept")), {
      ServerURL: registry,
      Username: "me",
      Secret: "s3cret",
    });
    assertEquals(await box.read("config.json"), config);
    assertEquals((await withHelper(box, tags)).stdout, "v1\n");

    const identity = await withHelper(
      box,
      ["login", registry, ...plain, "--identity-token-stdin"],
      { stdin: "s3cret-id" },
    );
    assertEquals(identity.code, 0, identity.stderr);
    assertEquals(JSON.parse(await box.read("kept")).Username, "<token>");
    assertEquals((await withHelper(box, tags)).stdout, "v1\n");

    const logout = await withHelper(box, ["logout", registry]);
    assertEquals([logout.code, await box.exists("kept")], [0, false]);
    const again = await withHelper(box, ["logout", registry]);
    assertEquals(again.code, 0, again.stderr);
    assertEquals(await box.read("config.json"), config);
  },
});

Deno.test({
  name:
    "commands explain a helper that fails, and show nothing of what it says",
  ignore: noShell,
  async fn() {
    await using world = new ServedAuthWorld({ token: onlyMe });
    await using box = await openSandbox();
    await box.write("config.json", '{"credsStore":"keeper"}');
    const { registry } = world;
    const plain = ["--plain-http"];
    for (
      const [args, action] of [
        [["repo", "tags", ...plain, `${registry}/app`], "get"],
        [
          ["login", registry, ...plain, "-u", "me", "--password-stdin"],
          "store",
        ],
        [["logout", registry], "erase"],
      ] as const
    ) {
      const { code, stderr, stdout } = await withHelper(box, args, {
        stdin: "s3cret",
        env: { FAIL: "1" },
      });
      assertEquals(code, 1);
      assert(
        stderr.includes(
          `Cannot ${action} the credential of ${registry} with docker-credential-keeper: it exited with code 1`,
        ),
        stderr,
      );
      assert(!(stdout + stderr).includes("s3cret"), stderr);
    }
  },
});

Deno.test("login keeps a private file of the user's choice, and changes no other", async () => {
  await using world = new ServedAuthWorld({ token: onlyMe });
  await using box = await openSandbox();
  const { registry } = world;
  await box.write("second.json", '{"auths":{"x.example":{}}}');
  const login = [
    ...["login", registry, "--plain-http", "-u", "me", "--password-stdin"],
    ...["--registry-config=first.json", "--registry-config=second.json"],
  ];
  const { code, stderr } = await box.gantry(login, { stdin: "s3cret" });
  assertEquals(code, 0, stderr);
  assertEquals(JSON.parse(await box.read("first.json")), {
    auths: { [registry]: { auth: btoa("me:s3cret") } },
  });
  assertEquals(await box.read("second.json"), '{"auths":{"x.example":{}}}');
  assertEquals(await box.exists("../docker/config.json"), false);
  if (!noShell) {
    const { mode } = await Deno.stat(join(box.folder, "first.json"));
    assertEquals(mode! & 0o777, 0o600);
  }
  await box.ok("logout", registry, "--registry-config=first.json");
  assertEquals(JSON.parse(await box.read("first.json")), { auths: {} });
});

Deno.test("login reads a password to the byte, and sends it in UTF-8", async () => {
  const password = " p:ä 55%\t";
  const pair = new TextEncoder().encode(`mé:${password}`);
  const expected = `Basic ${btoa(String.fromCharCode(...pair))}`;
  await using world = new ServedAuthWorld();
  await using box = await openSandbox();
  const { code, stderr } = await box.gantry(
    ["login", world.registry, "--plain-http", "-u", "mé", "--password-stdin"],
    { stdin: `${password}\r\n` },
  );
  assertEquals(code, 0, stderr);
  assertEquals(world.tokenRequests[0]!.authorization, expected);
  await box.ok("repo", "tags", "--plain-http", `${world.registry}/app`);
  assertEquals(world.tokenRequests[1]!.authorization, expected);
});

Deno.test({
  name:
    "login does not wait for a login that was killed while it held the file",
  // Elsewhere nobody can tell that a process has ended: then it waits a while.
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using box = await openSandbox(() => Response.json({}));
    const ended = new Deno.Command("true", { stdout: "null" }).spawn();
    await ended.status;
    const [place, , born] = (await processMark()).split(" ");
    await box.write("docker.json.lock", `${place} ${ended.pid} ${born}`);
    const { code } = await runGantry([
      ...["login", box.host, "-u", "me", "--password-stdin"],
      ...["--registry-config", "docker.json"],
    ], {
      cwd: box.folder,
      stdin: "s3cret",
      // Sooner than an old lock counts as left behind.
      signal: AbortSignal.timeout(15_000),
    });
    assertEquals(code, 0);
  },
});
