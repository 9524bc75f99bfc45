import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { hash } from "bcryptjs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gantryCommand, runGantry, startGantry } from "../_support/gantry.ts";

const INDEX = "application/vnd.oci.image.index.v1+json";
const BODY = '{"schemaVersion":2,"manifests":[]}';
const OTHER = '{"schemaVersion":2,"manifests":[],"annotations":{}}';

/** Runs a server with flags, and gives a way to ask it. */
async function serving(
  flags: readonly string[],
  run: (
    ask: (path: string, init?: RequestInit) => Promise<Response>,
    host: string,
  ) => Promise<void>,
): Promise<void> {
  await using server = await startGantry([
    "serve",
    "--listen=127.0.0.1:0",
    ...flags,
  ]);
  await run(
    (path, init) => fetch(`http://${server.host}${path}`, init),
    server.host,
  );
}

async function status(answer: Promise<Response>): Promise<number> {
  const { status, body } = await answer;
  await body?.cancel();
  return status;
}

function manifest(body = BODY, headers: HeadersInit = {}): RequestInit {
  const all = new Headers(headers);
  all.set("content-type", INDEX);
  return { method: "PUT", body, headers: all };
}

function basic(user: string): { authorization: string } {
  return { authorization: `Basic ${btoa(`${user}:secret`)}` };
}

async function withUsers(
  run: (users: string, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const users = join(folder, "users");
  const line = async (name: string) => `${name}:${await hash("secret", 4)}\n`;
  await Deno.writeTextFile(users, await line("alice") + await line("bob"));
  await run(users, folder);
  await Deno.remove(folder, { recursive: true });
}

Deno.test("serve --permit and --anonymous say who may do what", () =>
  withUsers(async (users) => {
    const flags = [
      `--htpasswd=${users}`,
      "--anonymous=pull",
      "--permit=alice:team/**:push",
      "--permit=*:shared/app:push,update",
    ];
    await serving(flags, async (ask) => {
      const put = (name: string, user: string, body = BODY) =>
        status(ask(`/v2/${name}/manifests/v1`, manifest(body, basic(user))));
      assertEquals(await put("team/app", "bob"), 403);
      assertEquals(await put("team/app", "alice"), 201);
      assertEquals(await put("team/app", "alice", OTHER), 403);
      assertEquals(await put("shared/app", "bob"), 201);
      assertEquals(await put("shared/app", "bob", OTHER), 201);
      assertEquals(await status(ask("/v2/team/app/manifests/v1")), 200);
      assertEquals(await status(ask("/v2/x/manifests/v1", manifest())), 401);
    });
  }));

Deno.test("serve --tokens hands out tokens of some lifetime", () =>
  withUsers(async (users, folder) => {
    const key = join(folder, "key");
    await Deno.writeTextFile(key, `${"k".repeat(32)}\n`);
    const flags = [
      ...[`--htpasswd=${users}`, "--tokens", "--token-lifetime=1m30s"],
      ...[`--token-key=${key}`, "--token-service=registry.example"],
      "--external-url=https://registry.example",
    ];
    await serving(flags, async (ask) => {
      const refused = await ask("/v2/");
      await refused.body?.cancel();
      assertEquals(
        refused.headers.get("www-authenticate"),
        'Bearer realm="https://registry.example/auth/token",service="registry.example"',
      );
      const scope = "scope=repository:app:pull,push";
      const answer = await ask(`/auth/token?${scope}`, {
        headers: basic("alice"),
      });
      const { token, expires_in } = await answer.json();
      assertEquals(expires_in, 90);
      const authorization = `Bearer ${token}`;
      const init = manifest(BODY, { authorization });
      assertEquals(await status(ask("/v2/app/manifests/v1", init)), 201);
    });
  }));

Deno.test("serve --token-realm takes the tokens of a service elsewhere", async () => {
  const folder = await Deno.makeTempDir();
  const file = join(folder, "keys.json");
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const keys = [{ ...await exportJWK(publicKey), kid: "one" }];
  await Deno.writeTextFile(file, JSON.stringify({ keys }));
  const flags = [
    "--token-realm=https://auth.example/token",
    "--token-issuer=auth.example",
    "--token-service=registry.example",
    `--token-public-key=${file}`,
  ];
  await serving(flags, async (ask) => {
    const token = await new SignJWT({
      access: [{ type: "repository", name: "app", actions: ["pull", "push"] }],
    }).setProtectedHeader({ alg: "ES256", kid: "one" }).setSubject("alice")
      .setIssuer("auth.example").setAudience("registry.example")
      .setExpirationTime("1m").sign(privateKey);
    const authorization = `Bearer ${token}`;
    const init = manifest(BODY, { authorization });
    assertEquals(await status(ask("/v2/app/manifests/v1", init)), 201);
    assertEquals(await status(ask("/v2/b/manifests/v1", init)), 401);
  });
  await Deno.remove(folder, { recursive: true });
});

Deno.test("serve takes rules for content", async () => {
  const flags = [
    "--deletable=blob",
    "--immutable-tags=v*,stable",
    "--max-manifest-size=300",
    `--manifest-types=${INDEX}`,
    "--blob-types=application/octet-stream",
    "--refuse-sparse",
    "--upload-expiry=1h",
    "--max-uploads=1",
    "--body-timeout=50ms",
  ];
  await serving(flags, async (ask) => {
    const put = (tag: string, body: string) =>
      status(ask(`/v2/app/manifests/${tag}`, manifest(body)));
    assertEquals(await put("v1", BODY), 201);
    assertEquals(await put("v1", BODY), 201);
    assertEquals(await put("v1", OTHER), 409);
    assertEquals(await put("latest", BODY), 201);
    assertEquals(await put("latest", OTHER), 201);
    assertEquals(await put("x", `${BODY}${" ".repeat(300)}`), 413);
    const tag = ask("/v2/app/manifests/v1", { method: "DELETE" });
    assertEquals(await status(tag), 405);
    const upload = (type: string) =>
      status(ask("/v2/app/blobs/uploads/?digest=sha256:" + "0".repeat(64), {
        method: "POST",
        body: "x",
        headers: { "content-type": type },
      }));
    assertEquals(await upload("text/plain"), 415);
    assertEquals(await upload("application/octet-stream"), 400);
    const begin = () => ask("/v2/app/blobs/uploads/", { method: "POST" });
    const begun = await begin();
    await begun.body?.cancel();
    assertEquals([begun.status, await status(begin())], [202, 429]);
    let end = () => {};
    const still = new ReadableStream({
      start: (controller) => {
        end = () => controller.close();
      },
    });
    const path = begun.headers.get("location")!;
    assertEquals(
      await status(ask(path, { method: "PATCH", body: still })),
      408,
    );
    end();
    const child = {
      mediaType: INDEX,
      digest: `sha256:${"0".repeat(64)}`,
      size: 1,
    };
    const sparse = { schemaVersion: 2, manifests: [child] };
    assertEquals(await put("sparse", JSON.stringify(sparse)), 404);
    const other = manifest('{"mediaType":"a/b"}');
    other.headers = { "content-type": "a/b" };
    assertEquals(await status(ask("/v2/app/manifests/x", other)), 415);
  });
});

Deno.test("serve is seen where a proxy shows it", async () => {
  const flags = [
    "--base-path=/registry",
    "--trust-forwarded",
    "--cors-origin=https://ui.example",
    "--rate-limit=4/1h",
    "--immutable-tags",
  ];
  await serving(flags, async (ask) => {
    const headers = {
      "x-forwarded-host": "registry.example",
      "x-forwarded-proto": "https",
      "x-forwarded-for": "192.0.2.1",
      origin: "https://ui.example",
    };
    const begun = await ask("/registry/v2/app/blobs/uploads/", {
      method: "POST",
      headers,
    });
    await begun.body?.cancel();
    assertStringIncludes(
      begun.headers.get("location")!,
      "https://registry.example/registry/v2/app/blobs/uploads/",
    );
    assertEquals(
      begun.headers.get("access-control-allow-origin"),
      "https://ui.example",
    );
    assertEquals(await status(ask("/v2/", { headers })), 404);
    const put = (body: string) =>
      status(ask("/registry/v2/app/manifests/any", manifest(body, headers)));
    assertEquals(await put(BODY), 201);
    assertEquals(await put(OTHER), 409);
    const refused = await ask("/registry/v2/", { headers });
    await refused.body?.cancel();
    assertEquals(refused.status, 429);
    assert(Number(refused.headers.get("retry-after")) > 60);
    const other = { ...headers, "x-forwarded-for": "192.0.2.2" };
    assertEquals(await status(ask("/registry/v2/", { headers: other })), 200);
  });
});

Deno.test("serve prints its requests, and sends what happens to content", async () => {
  const received: Record<string, unknown>[] = [];
  const arrived = Promise.withResolvers<void>();
  const receiver = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      received.push(await request.json());
      arrived.resolve();
      return new Response();
    },
  );
  const cli = fileURLToPath(new URL("../../cli.ts", import.meta.url));
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-q", "-A", cli, "serve", "--listen=127.0.0.1:0"],
      ...["--access-log", `--webhook=http://127.0.0.1:${receiver.addr.port}/`],
    ],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  const url = new TextDecoder().decode(value).trim().split(" ").at(-1);
  const path = "/v2/app/manifests/v1?secret=1";
  assertEquals(await status(fetch(url + path, manifest())), 201);
  await arrived.promise;
  child.kill("SIGTERM");
  const log = await new Response(child.stderr).text();
  await child.status;
  await reader.cancel();
  assert(
    /^\S+Z 127\.0\.0\.1 - PUT \/v2\/app\/manifests\/v1 201 [\d.]+ms\n$/.test(
      log,
    ),
    log,
  );
  const { type, repository, tag, time } = received[0]!;
  assertEquals([type, repository, tag], ["push", "app", "v1"]);
  assert(!Number.isNaN(Date.parse(String(time))));
  await receiver.shutdown();
});

Deno.test("serve says what is wrong with its options", async () => {
  const folder = await Deno.makeTempDir();
  const short = join(folder, "short");
  await Deno.writeTextFile(short, "short");
  const cases: readonly [string[], string][] = [
    [["--tokens"], "--tokens needs the users of --htpasswd"],
    [["--tokens", "--htpasswd=/dev/null", `--token-key=${short}`], "32 bytes"],
    [["--token-realm=x"], "--token-issuer"],
    [["--permit=x"], "expecting users:repositories:actions"],
    [["--permit=*:**:fly"], 'invalid action "fly" for --permit'],
    [["--anonymous=all"], 'invalid action "all" for --anonymous'],
    [["--deletable=repository"], 'invalid kind "repository"'],
    [["--rate-limit=1"], "expecting requests/time"],
    [["--grace=soon"], "expecting a duration"],
    [["--base-path=a b"], 'Cannot use base path "a b"'],
    [["--external-url=ftp://x"], "Cannot use the external URL"],
    [["--access-log=xml"], "expecting text or json"],
  ];
  for (const [flags, message] of cases) {
    const { code, stderr } = await runGantry([
      "serve",
      "--listen=127.0.0.1:0",
      ...flags,
    ]);
    assertEquals([flags, code], [flags, 1]);
    assertStringIncludes(stderr, message);
    assert(!stderr.includes("    at "), stderr);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("serve answers on where nobody reads its log any more", async () => {
  const [program, ...prefix] = gantryCommand();
  const child = new Deno.Command(program!, {
    args: [...prefix, "serve", "--listen=127.0.0.1:0", "--access-log"],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  await child.stderr.cancel();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value } = await reader.read();
  const url = /http:\S+/.exec(value!)![0];
  for (let request = 0; request < 3; request++) {
    const answer = await fetch(`${url}/v2/`);
    await answer.body?.cancel();
    assertEquals(answer.status, 200);
  }
  child.kill("SIGTERM");
  assertEquals((await child.status).code, 0);
  await reader.cancel();
});
