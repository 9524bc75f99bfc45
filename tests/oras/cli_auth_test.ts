import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createRegistry } from "@gantry/oci/distribution/server";
import { openSandbox, type Sandbox } from "../_support/cli_sandbox.ts";

/** A registry that takes tokens which its own service gives to one user. */
function tokenRegistry(scopes: string[]) {
  return (request: Request): Response => {
    const { host, pathname, searchParams } = new URL(request.url);
    const authorization = request.headers.get("authorization");
    if (pathname === "/token") {
      if (authorization !== `Basic ${btoa("me:sesame")}`) {
        return new Response(null, { status: 401 });
      }
      scopes.push(...searchParams.getAll("scope"));
      return Response.json({ token: "the-token" });
    }
    if (authorization === "Bearer the-token") return new Response();
    return new Response(null, {
      status: 401,
      headers: {
        "www-authenticate":
          `Bearer realm="http://${host}/token",service="here"`,
      },
    });
  };
}

async function login(box: Sandbox): Promise<void> {
  const { code, stderr } = await box.gantry(
    ["login", box.host, "-u", "me", "--password-stdin"],
    { stdin: "sesame" },
  );
  assertEquals(code, 0, stderr);
}

Deno.test("auth token prints the token for a repository, a registry and a scope", async () => {
  const scopes: string[] = [];
  await using box = await openSandbox(tokenRegistry(scopes));
  await login(box);
  const token = async (...line: string[]): Promise<string[]> => {
    scopes.length = 0;
    assertEquals(await box.ok("auth", "token", ...line), "the-token\n");
    return scopes;
  };
  assertEquals(await token(`${box.host}/a/b`), ["repository:a/b:pull"]);
  assertEquals(
    await token("--push", "--delete", `${box.host}/a/b:v1`),
    ["repository:a/b:delete,pull,push"],
  );
  assertEquals(await token(box.host), []);
  assertEquals(
    await token(box.host, "--scope", "registry:catalog:*"),
    ["registry:catalog:*"],
  );
  const json = await box.ok("auth", "token", box.host, "--format=json");
  assertEquals(JSON.parse(json), {
    registry: box.host,
    scopes: [],
    token: "the-token",
  });
});

Deno.test("auth token fails where there is none to get, and shows no password", async () => {
  await using open = await openSandbox();
  const none = await open.gantry(["auth", "token", `${open.host}/a`]);
  assertEquals([none.code, none.stdout], [1, ""]);
  assertStringIncludes(none.stderr, "asks for no token");

  await using box = await openSandbox(tokenRegistry([]));
  const refused = await box.gantry(
    ["auth", "token", `${box.host}/a`, "-u", "me", "--password-stdin"],
    { stdin: "wrong-secret" },
  );
  assertEquals([refused.code, refused.stdout], [1, ""]);
  assert(!refused.stderr.includes("wrong-secret"));
  const push = await box.gantry(["auth", "token", "--push", box.host]);
  assertStringIncludes(push.stderr, "names none");
});

Deno.test("auth whoami names user, file and verdict, and no secret", async () => {
  await using box = await openSandbox(tokenRegistry([]));
  const nobody = await box.gantry(["auth", "whoami", box.host]);
  assertEquals(nobody.code, 1);
  assertStringIncludes(
    nobody.stderr,
    `no credential is stored for ${box.host}`,
  );
  await login(box);
  const page = await box.ok("auth", "whoami", box.host);
  const file = `${box.folder.replace(/work$/, "")}docker/config.json`;
  assertEquals(
    page,
    `Registry:   ${box.host}
User:       me
Credential: password
From:       ${file}
Accepted:   yes
`,
  );
  await Deno.writeTextFile(
    file,
    JSON.stringify({ auths: { [box.host]: { auth: btoa("me:old-secret") } } }),
  );
  const old = await box.gantry(["auth", "whoami", box.host, "--format=json"]);
  assertEquals(old.code, 1);
  assertEquals(JSON.parse(old.stdout), {
    registry: box.host,
    username: "me",
    kind: "password",
    file,
    helper: null,
    accepted: false,
    asks: true,
  });
  assertStringIncludes(old.stderr, "does not accept the credential");
  assert(!(old.stdout + old.stderr).includes("old-secret"));
});

Deno.test("auth whoami says where everybody is let in, and names a helper", async () => {
  await using box = await openSandbox(createRegistry().fetch);
  await box.write(
    "bin/docker-credential-test",
    `#!/bin/sh\necho '{"Username":"you","Secret":"hush"}'\n`,
  );
  await Deno.chmod(`${box.folder}/bin/docker-credential-test`, 0o755);
  await box.write("config.json", '{"credsStore":"test"}');
  const { code, stderr, stdout } = await box.gantry(
    ["auth", "whoami", box.host],
    {
      env: {
        DOCKER_CONFIG: box.folder,
        PATH: `${box.folder}/bin:${Deno.env.get("PATH")}`,
      },
    },
  );
  assertEquals(code, 0, stderr);
  assertStringIncludes(
    stdout,
    `From:       helper docker-credential-test, named by ${box.folder}/config.json\n`,
  );
  assertStringIncludes(stdout, "User:       you\n");
  assertStringIncludes(
    stdout,
    "Accepted:   not asked for: everybody is let in",
  );
});
