import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import {
  type Certificates,
  makeCertificates,
} from "../_support/certificates.ts";
import { openSandbox, type Sandbox } from "../_support/cli_sandbox.ts";
import { openHttpRegistry } from "../_support/http_registry.ts";
import { found } from "../_support/programs.ts";
import { TokenService } from "../_support/token_service.ts";

const SECRET = "s3cr3t-pass";
const hasOpenssl = found("openssl");
const certificates: Certificates = hasOpenssl
  ? await makeCertificates()
  : {} as Certificates;

/** Flags by which a registry on loopback has a public name. */
function publicName(host: string): string[] {
  const port = host.split(":")[1];
  return ["--plain-http", `--resolve=registry.example:80:127.0.0.1:${port}`];
}

/** Runs push, pull and login with a password; each must fail with these words and without the password. */
async function allFail(
  box: Sandbox,
  registry: string,
  flags: readonly string[],
  words: string,
): Promise<void> {
  await box.write("hi.txt", "hi\n");
  for (
    const args of [
      ["push", `${registry}/app:v1`, "hi.txt"],
      ["pull", `${registry}/app:v1`, "-o", "out"],
      ["login", registry],
    ]
  ) {
    const { code, stdout, stderr } = await box.gantry(
      [...args, ...flags, "-u", "me", "--password-stdin", "--debug"],
      { stdin: `${SECRET}\n` },
    );
    const shown = stdout + stderr;
    assertEquals(code, 1, shown);
    assertStringIncludes(stderr, words);
    assert(!shown.includes(SECRET), shown);
    assert(!shown.includes(btoa(`me:${SECRET}`)), shown);
  }
  assertEquals(await box.exists("out"), false);
  assertEquals(await box.exists("../docker/config.json"), false);
}

Deno.test("a public registry cannot have the password sent to a private address", async () => {
  await using tokens = new TokenService();
  await using server = openHttpRegistry((request, next) =>
    tokens.refuse(request) ?? next(request)
  );
  await using box = await openSandbox();
  await allFail(
    box,
    "registry.example",
    publicName(server.host),
    `Error: Cannot send the credential of registry.example to http://${tokens.host}/token: a public registry points to a private address`,
  );
  assertEquals(tokens.requests, []);
});

Deno.test({
  name: "a registry with TLS cannot have the password sent without it",
  ignore: !hasOpenssl,
  async fn() {
    await using tokens = new TokenService();
    await using server = openHttpRegistry(
      (request, next) => tokens.refuse(request) ?? next(request),
      { tls: certificates.server },
    );
    await using box = await openSandbox();
    await box.write("ca.pem", certificates.ca.cert);
    await allFail(
      box,
      server.host,
      ["--ca-file", join(box.folder, "ca.pem")],
      "the token service is not on https",
    );
    assertEquals(tokens.requests, []);
  },
});

Deno.test("a public registry cannot redirect to a private address", async () => {
  let reached = 0;
  await using inner = openHttpRegistry(() => {
    reached++;
    return new Response("internal");
  });
  await using server = openHttpRegistry(({ url }) =>
    Response.redirect(`http://${inner.host}${new URL(url).pathname}`, 307)
  );
  await using box = await openSandbox();
  await allFail(
    box,
    "registry.example",
    publicName(server.host),
    "it points from a public host to a private address",
  );
  assertEquals(reached, 0);
});
