import { assertEquals, assertStringIncludes } from "@std/assert";
import { openSandbox, type Sandbox } from "../_support/cli_sandbox.ts";
import { found } from "../_support/programs.ts";

const CREATED = "org.opencontainers.image.created=2024-01-02T03:04:05Z";
const NONE = `sha256:${"0".repeat(64)}`;

async function filled(): Promise<Sandbox> {
  const box = await openSandbox();
  await box.write("hi.txt", "hi\n");
  const name = `${box.host}/app`;
  await box.ok("push", `${name}:v1`, "hi.txt", "-a", CREATED);
  await box.ok(
    ...["attach", `${name}:v1`, "--artifact-type", "a/b", "-a", CREATED],
  );
  return box;
}

/** Lines that both programs understand, in this order. */
const LINES: readonly string[] = [
  "cp HOST/app:v1 HOST/b:x,y,z",
  "cp HOST/app:v1 HOST/c",
  "cp -r HOST/app:v1 HOST/d:v1",
  "cp HOST/app:nope HOST/b:x",
  "cp HOST/app HOST/b:x",
  "cp HOST/app:v1 --to-oci-layout lay:x",
  "cp --from-oci-layout lay:x HOST/e:1",
  "copy --from-oci-layout lay:x --to-oci-layout lay2:y",
  "cp --from-oci-layout lay:x HOST/f:1 --from-plain-http --to-plain-http",
];

Deno.test({
  name: "cp prints the same as oras",
  ignore: !found("oras"),
  async fn() {
    await using theirs = await filled();
    await using ours = await filled();
    for (const line of LINES) {
      const run = async (box: Sandbox, program: "gantry" | "oras") => {
        const words = line.split(" ");
        const args = words.map((word) => word.replace("HOST", box.host));
        const { code, stderr, stdout } = await box[program](args);
        const rename = (text: string) =>
          text.replaceAll(box.host, "HOST").replaceAll("oras ", "gantry ");
        // Transfers run at once, so lines may come in any order.
        const lines = rename(stdout).split("\n").sort();
        return { code, stderr: rename(stderr), lines };
      };
      assertEquals(await run(ours, "gantry"), await run(theirs, "oras"), line);
    }
  },
});

Deno.test("cp copies bytes, tags, and what refers to it, and moves no tag against --no-clobber", async () => {
  await using box = await filled();
  const { host } = box;
  const digest = (await box.ok("resolve", `${host}/app:v1`)).trim();
  await box.ok("cp", "-r", `${host}/app:v1`, `${host}/b:x,y`);
  for (const tag of ["x", "y"]) {
    assertEquals(await box.ok("resolve", `${host}/b:${tag}`), `${digest}\n`);
  }
  assertStringIncludes(await box.ok("discover", `${host}/b:x`), "a/b");
  const json = await box.ok(
    "cp",
    `${host}/app:v1`,
    `${host}/b:z`,
    "--format=json",
  );
  assertEquals(JSON.parse(json).referenceAsTags, [`${host}/b:z`]);

  await box.ok("push", `${host}/b:other`, "-a", "k=v");
  const line = ["cp", `${host}/app:v1`, `${host}/b:other`];
  const kept = await box.gantry([...line, "--no-clobber"]);
  assertEquals(kept.code, 1);
  assertStringIncludes(kept.stderr, "Error from destination registry for");
  await box.ok(...line);
  assertEquals(await box.ok("resolve", `${host}/b:other`), `${digest}\n`);
});

Deno.test("cp without a tag copies by digest, and leaves the target's tags alone", async () => {
  await using box = await filled();
  const { host } = box;
  await box.ok("cp", `${host}/app:v1`, `${host}/new`);
  assertEquals(await box.ok("repo", "tags", `${host}/new`), "");
  const wrong = await box.gantry(
    ["cp", `${host}/app:v1`, `${host}/new@${NONE}`],
  );
  assertEquals(wrong.code, 1);
  assertStringIncludes(wrong.stderr, `expected digest ${NONE}`);
});

Deno.test("cp writes and reads archives", async () => {
  await using box = await filled();
  const { host } = box;
  const digest = (await box.ok("resolve", `${host}/app:v1`)).trim();
  const out = await box.ok(
    "cp",
    "-r",
    `${host}/app:v1`,
    "oci-archive:a.tar:v1",
  );
  assertStringIncludes(out, `=> [oci-archive] a.tar:v1\nDigest: ${digest}\n`);
  await box.ok("cp", "oci-archive:a.tar", `${host}/from-archive:v2`);
  assertEquals(
    await box.ok("resolve", `${host}/from-archive:v2`),
    `${digest}\n`,
  );
  await box.ok("cp", "oci-archive:a.tar:v1", "--to-oci-layout", "lay:v3");
  assertEquals(await box.ok("repo", "tags", "--oci-layout", "lay"), "v3\n");
  const missing = await box.gantry([
    "cp",
    "oci-archive:none.tar",
    `${host}/x:1`,
  ]);
  assertEquals(missing.code, 1);
  assertStringIncludes(missing.stderr, "none.tar");
  const noImage = await box.gantry(
    ["cp", `${host}/app:v1`, "docker-archive:image.tar:app:v1"],
  );
  assertEquals(noImage.code, 1);
  assertEquals(await box.exists("image.tar"), false);
});

Deno.test({
  name:
    "cp saves images that skopeo reads as docker archives, and pushes what skopeo saved",
  ignore: !found("skopeo"),
  async fn() {
    await using box = await openSandbox();
    const { host } = box;
    await box.write("root/etc/motd", "hello\n");
    await box.ok("layer", "pack", "root", "-o", "layer.tar.gz");
    const layer = JSON.parse(
      await box.ok("layer", "digest", "layer.tar.gz", "--format=json"),
    ).layers[0];
    await box.write(
      "config.json",
      JSON.stringify({
        architecture: "amd64",
        os: "linux",
        config: {},
        rootfs: { type: "layers", diff_ids: [layer.diffId] },
      }),
    );
    await box.ok(
      ...["push", `${host}/image:v1`, "--config"],
      "config.json:application/vnd.oci.image.config.v1+json",
      "layer.tar.gz:application/vnd.oci.image.layer.v1.tar+gzip",
    );
    await box.ok("cp", `${host}/image:v1`, "docker-archive:saved.tar:app:v1");
    await skopeo(
      ...["copy", "--insecure-policy", "--dest-tls-verify=false"],
      `docker-archive:${box.folder}/saved.tar:app:v1`,
      `docker://${host}/by-skopeo:v1`,
    );
    await skopeo(
      ...["copy", "--insecure-policy", "--src-tls-verify=false"],
      `docker://${host}/image:v1`,
      `docker-archive:${box.folder}/theirs.tar:app:v2`,
    );
    await box.ok("cp", "docker-archive:theirs.tar", `${host}/pushed:v1`);
    const diffIds = async (name: string) =>
      JSON.parse(await box.ok("manifest", "fetch-config", `${host}/${name}`))
        .rootfs.diff_ids;
    for (const name of ["by-skopeo:v1", "pushed:v1"]) {
      assertEquals(await diffIds(name), [layer.diffId], name);
    }
  },
});

async function skopeo(...args: string[]): Promise<void> {
  const { code, stderr } = await new Deno.Command("skopeo", { args }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
}

Deno.test("cp --dry-run moves nothing", async () => {
  await using box = await filled();
  const { host } = box;
  const line = ["cp", `${host}/app:v1`, `${host}/new:v1`, "--dry-run"];
  const { code, stderr, stdout } = await box.gantry(line);
  assertEquals([code, stdout], [0, ""]);
  assertEquals(
    stderr,
    `Would copy [registry] ${host}/app:v1 => [registry] ${host}/new:v1\n`,
  );
  assertEquals(await box.ok("repo", "ls", host), "app\n");
});
