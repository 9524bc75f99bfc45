import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { openSandbox, type Sandbox } from "../_support/cli_sandbox.ts";
import { compareTrees } from "../_support/compare_trees.ts";
import { type Gantry, startGantry } from "../_support/gantry.ts";
import { found } from "../_support/programs.ts";

const ignore = !found("skopeo");
const PATHS = ["hi.txt", "dir"];

/** Runs skopeo in the sandbox, and demands that it succeeds. */
async function skopeo(box: Sandbox, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("skopeo", {
    args: ["--insecure-policy", ...args],
    cwd: box.folder,
    env: { HOME: box.folder },
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert(success, `skopeo ${args.join(" ")}: ${decode(stderr)}`);
  return decode(stdout);
}

/** Serves a directory as a registry, after files were pushed to it as `team/app:v1`. */
async function pushedTo(box: Sandbox): Promise<Gantry> {
  await box.write("in/hi.txt", "hi\n");
  await box.write("in/dir/a", "a".repeat(100_000));
  const root = join(box.folder, "root");
  const server = await startGantry(
    ["serve", "--listen", "127.0.0.1:0", "--root", root],
  );
  const pushed = await box.gantry(
    ["push", "--plain-http", `${server.host}/team/app:v1`, ...PATHS],
    { cwd: join(box.folder, "in") },
  );
  assertEquals(pushed.code, 0, pushed.stderr);
  return server;
}

/** The bytes of a manifest, as the registry gives them. */
async function manifestOf(box: Sandbox, reference: string): Promise<string> {
  return await box.ok("manifest", "fetch", "--plain-http", reference);
}

Deno.test({
  name:
    "skopeo copies what gantry pushed out of gantry serve, and back into it",
  ignore,
  async fn() {
    await using box = await openSandbox();
    await using server = await pushedTo(box);
    const source = `docker://${server.host}/team/app:v1`;
    const target = `docker://${server.host}/other/copy:v2`;
    await skopeo(
      box,
      "copy",
      "--src-tls-verify=false",
      source,
      "oci:layout:v1",
    );
    await skopeo(
      box,
      "copy",
      "--dest-tls-verify=false",
      "oci:layout:v1",
      target,
    );
    assertEquals(
      await manifestOf(box, `${server.host}/other/copy:v2`),
      await manifestOf(box, `${server.host}/team/app:v1`),
    );
    await box.ok(
      "pull",
      "--plain-http",
      `${server.host}/other/copy:v2`,
      "-o=out",
    );
    assertEquals(
      await compareTrees(
        join(box.folder, "in"),
        join(box.folder, "out"),
        PATHS,
      ),
      [],
    );
  },
});

Deno.test({
  name: "skopeo reads the directory of gantry serve as a layout",
  ignore,
  async fn() {
    await using box = await openSandbox();
    await using server = await pushedTo(box);
    await skopeo(box, "copy", "oci:root/team/app:v1", "oci:copy:v1");
    const raw = await skopeo(box, "inspect", "--raw", "oci:root/team/app:v1");
    assertEquals(raw, await manifestOf(box, `${server.host}/team/app:v1`));
    const copied = await skopeo(box, "inspect", "--raw", "oci:copy:v1");
    assertEquals(copied, raw);
  },
});
