import { assertEquals, assertStringIncludes } from "@std/assert";
import { openSandbox, type Sandbox } from "../_support/cli_sandbox.ts";
import { runProgram } from "../_support/gantry.ts";
import { found } from "../_support/programs.ts";

const CONFIG = {
  created: "2020-01-01T00:00:00Z",
  architecture: "amd64",
  os: "linux",
  config: { Env: ["A=b"] },
  rootfs: { type: "layers", diff_ids: [] },
};

/** Pushes an image without layers. */
async function pushImage(box: Sandbox, name: string): Promise<void> {
  await box.write("config.json", JSON.stringify(CONFIG));
  const type = "application/vnd.oci.image.config.v1+json";
  const json = await box.ok(
    ...["blob", "push", "--descriptor", "--media-type", type],
    ...[name.replace(/:[^:]*$/, ""), "config.json"],
  );
  await box.write(
    "manifest.json",
    JSON.stringify({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: JSON.parse(json),
      layers: [],
    }),
  );
  await box.ok("manifest", "push", name, "manifest.json");
}

Deno.test("image append puts a directory and a file on top of an image", async () => {
  await using box = await openSandbox();
  const name = `${box.host}/app`;
  await pushImage(box, `${name}:v1`);
  const before = (await box.ok("resolve", `${name}:v1`)).trim();
  await box.write("dist/a.txt", "one");
  await box.write("more/b.txt", "two");
  await box.ok("layer", "pack", "more", "-o", "more.tar.gz");
  const line = ["image", "append", `${name}:v1`, "dist", "more.tar.gz"];
  const env = { SOURCE_DATE_EPOCH: "1700000000" };

  const dry = await box.gantry([...line, "-t", "v2", "--dry-run"], { env });
  assertEquals(dry.code, 0, dry.stderr);
  assertStringIncludes(dry.stderr, `Would push [registry] ${name}@sha256:`);
  assertEquals(await box.ok("repo", "tags", name), "v1\n");

  const flags = ["-t", "v2", "--prefix", "/srv/app"];
  const done = await box.gantry([...line, ...flags], { env });
  assertEquals(done.code, 0, done.stderr);
  const digest = (await box.ok("resolve", `${name}:v2`)).trim();
  assertStringIncludes(
    done.stdout,
    `Pushed [registry] ${name}@${digest}\nTagged v2\nDigest: ${digest}\n`,
  );
  assertEquals((await box.ok("resolve", `${name}:v1`)).trim(), before);
  const again = await box.gantry(
    [...line, ...flags, "--format=json"],
    { env },
  );
  assertEquals(JSON.parse(again.stdout).digest, digest);

  const config = JSON.parse(
    await box.ok("manifest", "fetch-config", `${name}:v2`),
  );
  assertEquals(config.rootfs.diff_ids.length, 2);
  assertEquals(config.history, [
    {
      created: "2023-11-14T22:13:20Z",
      created_by: "gantry image append dist",
    },
    {
      created: "2023-11-14T22:13:20Z",
      created_by: "gantry image append more.tar.gz",
    },
  ]);
  await box.ok("cp", `${name}:v2`, "--to-oci-layout", "lay:v2");
  await box.ok("validate", "lay");
  const { layers } = JSON.parse(
    await box.ok("manifest", "fetch", `${name}:v2`),
  );
  await box.ok("blob", "fetch", "-o", "l.tgz", `${name}@${layers[0].digest}`);
  assertStringIncludes(await box.ok("layer", "ls", "l.tgz"), "srv/app/a.txt");
});

Deno.test("image append refuses what is no layer, and an index without a platform", async () => {
  await using box = await openSandbox();
  const name = `${box.host}/app`;
  await pushImage(box, `${name}:v1`);
  await box.write("text", "no archive");
  const wrong = await box.gantry(["image", "append", `${name}:v1`, "text"]);
  assertEquals(wrong.code, 1);
  assertStringIncludes(wrong.stderr, "Cannot use the content as a layer");
  const missing = await box.gantry(["image", "append", `${name}:v1`, "none"]);
  assertStringIncludes(missing.stderr, "none");
  assertEquals(missing.code, 1);
  const badTag = await box.gantry(
    ["image", "append", `${name}:v1`, "text", "-t", "a b"],
  );
  assertStringIncludes(badTag.stderr, '"a b" is no tag');
});

Deno.test({
  name: "crane validates what image append has made",
  ignore: !found("crane"),
  async fn() {
    await using box = await openSandbox();
    const name = `${box.host}/app`;
    await pushImage(box, `${name}:v1`);
    await box.write("dist/a.txt", "one");
    await box.ok("image", "append", `${name}:v1`, "dist", "-t", "v2");
    const { stderr, stdout } = await runProgram([
      ...["crane", "validate", "--insecure", "--remote", `${name}:v2`],
    ]);
    assertStringIncludes(stdout + stderr, "PASS");
  },
});
