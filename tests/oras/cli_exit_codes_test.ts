import { assertEquals } from "@std/assert";
import { createRegistry } from "@gantry/oci/distribution/server";
import { openSandbox } from "../_support/cli_sandbox.ts";
import { gantryCommand } from "../_support/gantry.ts";

const DETAILED = "--exit-codes=detailed";

Deno.test("--exit-codes detailed tells failures apart, which are 1 without it", async () => {
  const registry = createRegistry();
  await using box = await openSandbox((request) => {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/v2/private/")) {
      return new Response(null, {
        status: 401,
        headers: { "www-authenticate": 'Basic realm="x"' },
      });
    }
    if (pathname.startsWith("/v2/denied/")) {
      return new Response(null, { status: 403 });
    }
    if (pathname.startsWith("/v2/broken/")) {
      return new Response(null, { status: 400 });
    }
    return registry.fetch(request);
  });
  await box.write("hi.txt", "hi\n");
  await box.ok("push", `${box.host}/app:v1`, "hi.txt", DETAILED);
  await box.ok("push", "--oci-layout", "lay:v1", "hi.txt");
  const cases: [line: string[], code: number][] = [
    [["nope"], 2],
    [["push"], 2],
    [["push", "--nope"], 2],
    [["push", `${box.host}/app:v1`, "--format=nope"], 2],
    [["resolve", "localhost/UPPER:x"], 2],
    [["resolve", `${box.host}/app`], 2],
    [["resolve", `${box.host}/private/app:v1`], 4],
    [["resolve", `${box.host}/denied/app:v1`], 4],
    [["resolve", `${box.host}/app:v2`], 5],
    [["pull", `${box.host}/none:v2`], 5],
    [["resolve", "--oci-layout", "lay:v2"], 5],
    [["resolve", "--oci-layout", "none:v2"], 5],
    [["cp", "--from-oci-layout", "lay:v2", `${box.host}/new:v1`], 5],
    [["auth", "whoami", box.host], 4],
    [["auth", "whoami", box.host, "-u=me", "-p=x"], 0],
    [["serve", "--listen", "nowhere"], 2],
    [["resolve", `${box.host}/broken/app:v1`], 1],
    [["push", `${box.host}/app:v1`, "missing.txt"], 1],
    [["hash", "--verify", `sha256:${"0".repeat(64)}`, "hi.txt"], 1],
  ];
  for (const [line, expected] of cases) {
    const detailed = await box.gantry([...line, DETAILED]);
    const simple = await box.gantry(line);
    assertEquals(
      [line, detailed.code, simple.code],
      [line, expected, expected && 1],
      detailed.stderr,
    );
    assertEquals(detailed.stderr, simple.stderr);
  }
  const bad = await box.gantry(["version", "--exit-codes=many"]);
  assertEquals(bad.code, 1);
});

Deno.test({
  name: "--exit-codes detailed gives 130 for an interrupted command",
  ignore: Deno.build.os === "windows",
  async fn() {
    for (const [flags, expected] of [[[DETAILED], 130], [[], 1]] as const) {
      const asked = Promise.withResolvers<void>();
      const held = Promise.withResolvers<Response>();
      await using box = await openSandbox(() => {
        asked.resolve();
        return held.promise;
      });
      const [program, ...words] = gantryCommand();
      const child = new Deno.Command(program!, {
        args: [...words, "resolve", `${box.host}/app:v1`, ...flags],
        stdout: "null",
        stderr: "null",
      }).spawn();
      await asked.promise;
      child.kill("SIGINT");
      assertEquals((await child.status).code, expected);
      held.resolve(new Response(null, { status: 404 }));
    }
  },
});
