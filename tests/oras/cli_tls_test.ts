import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { runGantry, startGantry } from "../_support/gantry.ts";
import { found } from "../_support/programs.ts";

/** Makes an authority, and a certificate of it for `registry.test` and 127.0.0.1. */
async function makeCertificates(folder: string): Promise<void> {
  const openssl = async (...args: string[]) => {
    const { code, stderr } = await new Deno.Command("openssl", {
      args,
      cwd: folder,
    }).output();
    if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
  };
  const key = [
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
  ];
  await openssl(
    ...["req", "-x509", ...key, "-keyout", "ca.key", "-out", "ca.pem"],
    ...["-days", "2", "-subj", "/CN=Test authority"],
  );
  await openssl(
    ...["req", ...key, "-keyout", "key.pem", "-out", "request.pem"],
    ...["-subj", "/CN=registry.test"],
  );
  await Deno.writeTextFile(
    join(folder, "extensions"),
    "subjectAltName=DNS:registry.test,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n",
  );
  await openssl(
    ...["x509", "-req", "-in", "request.pem", "-CA", "ca.pem"],
    ...["-CAkey", "ca.key", "-CAcreateserial", "-out", "cert.pem"],
    ...["-days", "2", "-extfile", "extensions"],
  );
}

Deno.test({
  name:
    "serve speaks TLS, and the remote flags say whom to trust and where to go",
  ignore: !found("openssl"),
  async fn() {
    const folder = await Deno.makeTempDir();
    await makeCertificates(folder);
    await Deno.writeTextFile(join(folder, "hi.txt"), "hi\n");
    const run = (...args: string[]) =>
      runGantry(args, { cwd: folder, env: { DOCKER_CONFIG: folder } });
    {
      await using server = await startGantry([
        ...["serve", "--listen", "127.0.0.1:0"],
        ...["--tls-cert", join(folder, "cert.pem")],
        ...["--tls-key", join(folder, "key.pem")],
      ]);
      const { host } = server;
      assert(server.firstLine.startsWith("Listening on https://127.0.0.1:"));
      const push = ["push", `${host}/a:1`, "hi.txt"];
      const untrusted = await run(...push);
      assertEquals(untrusted.code, 1);
      assertStringIncludes(untrusted.stderr, "--ca-file");
      const trusted = await run(...push, "--ca-file", "ca.pem");
      assertEquals(trusted.code, 0, trusted.stderr);
      const careless = await run("pull", `${host}/a:1`, "--insecure", "-o=out");
      assertEquals(careless.code, 0, careless.stderr);
      assertEquals(await Deno.readTextFile(join(folder, "out/hi.txt")), "hi\n");
      const port = host.split(":")[1]!;
      const named = await run(
        ...["resolve", "registry.test/a:1", "--ca-file=ca.pem"],
        ...["--resolve", `registry.test:443:127.0.0.1:${port}`],
      );
      assertEquals(named.code, 0, named.stderr);
    }
    await Deno.remove(folder, { recursive: true });
  },
});
