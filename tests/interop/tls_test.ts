import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import {
  type Certificates,
  type Identity,
  makeCertificates,
} from "../_support/certificates.ts";
import { openSandbox, type Sandbox } from "../_support/cli_sandbox.ts";
import { compareTrees } from "../_support/compare_trees.ts";
import { startDockerRegistry } from "../_support/docker_registry.ts";
import { startGantry } from "../_support/gantry.ts";
import { found } from "../_support/programs.ts";
import { pattern } from "../_support/transports.ts";

const MIB = 1024 * 1024;
const PATHS = ["hi.txt", "big.bin", "dir"];
const hasOpenssl = found("openssl");
const certificates: Certificates = hasOpenssl
  ? await makeCertificates()
  : {} as Certificates;

/** A registry that speaks TLS. */
interface SecureRegistry extends AsyncDisposable {
  readonly host: string;
}

/** Writes certificate and key into the sandbox, and serves gantry's own registry with them. */
async function startOwn(box: Sandbox, tls: Identity): Promise<SecureRegistry> {
  await box.write("server.pem", tls.cert);
  await box.write("server.key", tls.key);
  return await startGantry([
    ...["serve", "--listen", "127.0.0.1:0", "--root", join(box.folder, "root")],
    ...["--tls-cert", join(box.folder, "server.pem")],
    ...["--tls-key", join(box.folder, "server.key")],
  ]);
}

const REGISTRIES: readonly [
  string,
  boolean,
  (box: Sandbox, tls: Identity) => Promise<SecureRegistry>,
][] = [
  [
    "docker-registry",
    hasOpenssl && found("docker-registry"),
    (_, tls) => startDockerRegistry({ tls }),
  ],
  ["gantry serve", hasOpenssl, startOwn],
];

const TRUST: readonly [string, keyof Certificates, keyof Certificates][] = [
  ["a private authority", "server", "ca"],
  [
    "a certificate that is authority and server at once",
    "selfSigned",
    "selfSigned",
  ],
  ["a self-signed leaf certificate", "selfSignedLeaf", "selfSignedLeaf"],
];

for (const [registry, runs, start] of REGISTRIES) {
  for (const [what, own, trusted] of TRUST) {
    Deno.test({
      name: `gantry reaches ${registry} over TLS with ${what}`,
      ignore: !runs,
      async fn() {
        await using box = await openSandbox();
        await box.write("in/hi.txt", "hi\n");
        await box.write("in/big.bin", pattern(0, 12 * MIB));
        await box.write("in/dir/a", "a\n");
        await box.write("ca.pem", certificates[trusted].cert);
        const ca = ["--ca-file", join(box.folder, "ca.pem")];
        await using server = await start(box, certificates[own]);
        const cwd = join(box.folder, "in");

        const target = `${server.host}/app:v1`;
        const push = ["push", target, ...PATHS];
        for (const args of [push, ["pull", target, "-o", "out"]]) {
          const { code, stderr } = await box.gantry(args, { cwd });
          assertEquals(code, 1);
          assertStringIncludes(stderr, `https://${server.host}/`);
          assertStringIncludes(stderr, "--ca-file");
          assert(!/\n {4}at /.test(stderr), stderr);
        }
        assertEquals(await box.exists("in/out"), false);

        for (const flags of [ca, ["--insecure"]]) {
          const target = `${server.host}/by/${flags[0]!.slice(2)}:v1`;
          const args = ["push", target, ...PATHS, ...flags];
          const pushed = await box.gantry(args, { cwd });
          assertEquals(pushed.code, 0, pushed.stderr);
          const out = `out${flags[0]}`;
          await box.ok("pull", target, "-o", out, ...flags);
          assertEquals(
            await compareTrees(cwd, join(box.folder, out), PATHS),
            [],
          );
        }
      },
    });
  }
}

Deno.test({
  name:
    "gantry refuses a certificate for another name, and one of another authority",
  ignore: !hasOpenssl,
  async fn() {
    await using box = await openSandbox();
    await box.write("ca.pem", certificates.ca.cert);
    await box.write("other.pem", certificates.selfSigned.cert);
    const cases = [
      ["otherName", "ca.pem", "not valid for 127.0.0.1"],
      ["server", "other.pem", "unknown authority"],
    ] as const;
    for (const [identity, ca, words] of cases) {
      await using server = await startOwn(box, certificates[identity]);
      const { code, stderr } = await box.gantry(
        ["pull", `${server.host}/team/app:v1`, "--ca-file", ca, "-o", "out"],
      );
      assertEquals(code, 1);
      assertStringIncludes(stderr, words);
      assertEquals(await box.exists("out"), false);
    }
  },
});

Deno.test({
  name:
    "gantry logs in over TLS, and shows no password to a server that it does not trust",
  ignore: !hasOpenssl || !found("docker-registry"),
  async fn() {
    const user = { username: "me", password: "s3cr3t" };
    const tls = certificates.server;
    await using server = await startDockerRegistry({ user, tls });
    await using box = await openSandbox();
    await box.write("ca.pem", certificates.ca.cert);
    await box.write("hi.txt", "hi\n");
    const login = (flags: readonly string[]) =>
      box.gantry(
        ["login", server.host, "-u", "me", "--password-stdin", ...flags],
        { stdin: "s3cr3t\n" },
      );
    const refused = await login([]);
    assertEquals(refused.code, 1);
    assertStringIncludes(refused.stderr, "--ca-file");
    assert(!refused.stderr.includes("s3cr3t"));
    const ca = ["--ca-file", "ca.pem"];
    assertEquals((await login(ca)).stdout, "Login Succeeded\n");
    await box.ok("push", `${server.host}/app:v1`, "hi.txt", ...ca);
    await box.ok("pull", `${server.host}/app:v1`, "-o", "out", ...ca);
    assertEquals(await box.read("out/hi.txt"), "hi\n");
  },
});
