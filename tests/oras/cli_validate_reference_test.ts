import { assertEquals, assertStringIncludes } from "@std/assert";
import { createRegistry } from "@gantry/oci/distribution/server";
import type { Sandbox } from "../_support/cli_sandbox.ts";
import { openSandbox } from "../_support/cli_sandbox.ts";
import { found } from "../_support/programs.ts";

const CONFIG = "application/vnd.oci.image.config.v1+json";
const LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";

/** Pushes an image of one layer, whose config tells this DiffID, or the right one. */
async function pushImage(
  box: Sandbox,
  tag: string,
  diffId?: string,
): Promise<{ layer: string; manifest: string }> {
  await box.write(`${tag}/dist/a.txt`, tag);
  await box.ok("layer", "pack", `${tag}/dist`, "-o", `${tag}.tar.gz`);
  const [layer] = JSON.parse(
    await box.ok("layer", "digest", `${tag}.tar.gz`, "--format=json"),
  ).layers;
  const rootfs = { type: "layers", diff_ids: [diffId ?? layer.diffId] };
  await box.write(
    `${tag}.json`,
    JSON.stringify({ architecture: "amd64", os: "linux", rootfs }),
  );
  await box.ok(
    ...["push", `${box.host}/app:${tag}`],
    ...["--config", `${tag}.json:${CONFIG}`, `${tag}.tar.gz:${LAYER}`],
  );
  const manifest = await box.ok("resolve", `${box.host}/app:${tag}`);
  return { layer: layer.digest, manifest: manifest.trim() };
}

Deno.test("validate reads an image in a registry, and all images of an index", async () => {
  await using box = await openSandbox();
  const name = `${box.host}/app`;
  await pushImage(box, "v1");
  await pushImage(box, "v2");
  await box.ok("manifest", "index", "create", `${name}:all`, "v1", "v2");
  assertEquals(
    await box.ok("validate", `${name}:v1`, `${name}:all`),
    `${name}:v1: valid manifest\n${name}:all: valid index\n`,
  );
  assertEquals(
    JSON.parse(await box.ok("validate", `${name}:v1`, "--format=json")),
    { valid: true, type: "manifest", issues: [] },
  );
  await box.ok("cp", `${name}:v1`, "oci-archive:image.tar:v1");
  await box.ok("cp", `${name}:v1`, "docker-archive:docker.tar:app:v1");
  for (
    const archive of ["oci-archive:image.tar", "docker-archive:docker.tar"]
  ) {
    const verdict = await box.ok("validate", archive);
    assertEquals(verdict, `${archive}: valid manifest\n`);
  }
});

Deno.test("validate tells what of an image is missing, damaged, or not what its config says", async () => {
  let wrong = "";
  const registry = createRegistry();
  await using box = await openSandbox(async (request) => {
    const response = await registry.fetch(request);
    const isWrong = wrong !== "" && request.method === "GET" &&
      request.url.endsWith(wrong);
    if (!isWrong) return response;
    const bytes = await response.bytes();
    bytes[bytes.length - 1]! ^= 1;
    return new Response(bytes, response);
  });
  const name = `${box.host}/app`;
  const none = `sha256:${"0".repeat(64)}`;
  const v1 = await pushImage(box, "v1", none);
  const v2 = await pushImage(box, "v2");
  const validate = async (...words: string[]) => {
    const { code, stderr, stdout } = await box.gantry(["validate", ...words]);
    assertEquals([code, stderr], [1, "Error: validation failed\n"]);
    return stdout;
  };
  assertStringIncludes(
    await validate(`${name}:v1`),
    `${v1.manifest}:$.layers[0]: expected a layer with the DiffID ${none} of its config, found sha256:`,
  );
  await box.ok("validate", "--fast", `${name}:v1`);

  wrong = v2.layer;
  assertStringIncludes(
    await validate(`${name}:v2`),
    `${v2.manifest}:$.layers[0]: expected content that is what its descriptor says`,
  );
  await box.ok("validate", "--fast", `${name}:v2`);
  wrong = "";

  await box.ok("blob", "delete", "--force", `${name}@${v2.layer}`);
  for (const flags of [[], ["--fast"]]) {
    assertStringIncludes(
      await validate(`${name}:v2`, ...flags),
      `${v2.manifest}:$.layers[0]: expected content ${v2.layer}, found nothing`,
    );
  }
  const missing = await box.gantry(["validate", `${name}:none`]);
  assertStringIncludes(missing.stderr, `${name}:none: not found`);
  const typed = await box.gantry(
    ["validate", "--type=manifest", `${name}:v1`],
  );
  assertStringIncludes(typed.stderr, "is a reference, and no manifest");
});

Deno.test("validate takes the file of a name that could be a reference", async () => {
  await using box = await openSandbox();
  await box.write("localhost/x:1", "{}");
  const { stdout } = await box.gantry(["validate", "localhost/x:1"]);
  assertStringIncludes(stdout, "not a valid document");
});

Deno.test({
  name: "validate finds nothing wrong with what crane appends to",
  ignore: !found("crane"),
  async fn() {
    await using box = await openSandbox();
    await pushImage(box, "v1");
    const { code } = await new Deno.Command("crane", {
      args: [
        ...["append", "-b", `${box.host}/app:v1`, "-f", "v1.tar.gz"],
        ...["-t", `${box.host}/app:v2`],
      ],
      cwd: box.folder,
    }).output();
    assertEquals(code, 0);
    await box.ok("validate", `${box.host}/app:v2`);
  },
});
