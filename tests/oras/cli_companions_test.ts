import { assertEquals, assertStringIncludes } from "@std/assert";
import { openSandbox, type Sandbox } from "../_support/cli_sandbox.ts";
import { found } from "../_support/programs.ts";

const CREATED = "org.opencontainers.image.created=2024-01-02T03:04:05Z";

/** An index, below which a manifest has a referrer, which has one, too. */
async function filled(): Promise<Sandbox> {
  const box = await openSandbox();
  await box.write("hi.txt", "hi\n");
  const name = `${box.host}/app`;
  for (const platform of ["linux/amd64", "linux/arm64"]) {
    const tag = platform.slice(6);
    const flags = ["--artifact-platform", platform, "-a", CREATED];
    await box.ok("push", `${name}:${tag}`, "hi.txt", ...flags);
  }
  await box.ok("manifest", "index", "create", `${name}:all`, "amd64", "arm64");
  const note = ["--artifact-type", "a/note", "-a", CREATED];
  const { digest } = JSON.parse(
    await box.ok("attach", `${name}:amd64`, ...note, "--format=json"),
  );
  await box.ok("attach", `${name}@${digest}`, ...note, "-a", "k=v");
  return box;
}

/** The tree of what refers to the manifest that is for amd64. */
async function treeIn(box: Sandbox, name: string): Promise<string> {
  const all = [`${box.host}/${name}:all`, "--platform", "linux/amd64"];
  const tree = await box.ok("discover", ...all);
  return tree.slice(tree.indexOf("\n"));
}

/** Runs a line; times and the sizes of archives are not compared. */
async function run(
  box: Sandbox,
  program: "gantry" | "oras",
  line: string,
): Promise<unknown> {
  const args = line.split(" ").map((word) => word.replace("HOST", box.host));
  const { code, stderr, stdout } = await box[program](args);
  const lines = stdout.replaceAll(box.host, "HOST")
    .replace(/ in [\d.]+m?s/, "").replace(/\([\d.]+ KB\)/, "")
    .split("\n").sort();
  return { code, stderr, lines };
}

Deno.test({
  name: "backup takes referrers of what is below an index along, as oras does",
  ignore: !found("oras"),
  async fn() {
    await using theirs = await filled();
    await using ours = await filled();
    for (
      const line of [
        "backup HOST/app:all -o lay --include-referrers",
        "backup HOST/app:all -o all.tar --include-referrers",
        "backup HOST/app:all -o bare.tar",
        "restore HOST/from-lay --input lay",
        "restore HOST/from-lay-dry --input lay --dry-run",
        "restore HOST/from-tar --input bare.tar --exclude-referrers",
      ]
    ) {
      assertEquals(
        await run(ours, "gantry", line),
        await run(theirs, "oras", line),
        line,
      );
    }
  },
});

Deno.test("archives hold what refers to manifests below an index, and come back with it", async () => {
  await using box = await filled();
  const { host } = box;
  const expected = await treeIn(box, "app");
  assertEquals(expected.split("a/note").length, 3);
  const name = `${host}/app:all`;
  await box.ok("backup", name, "-o", "all.tar", "--include-referrers");
  await box.ok("restore", `${host}/restored`, "--input", "all.tar");
  assertEquals(await treeIn(box, "restored"), expected);
  await box.ok("cp", "-r", name, "oci-archive:copied.tar:all");
  await box.ok("cp", "-r", "oci-archive:copied.tar:all", `${host}/copied:all`);
  assertEquals(await treeIn(box, "copied"), expected);
});

Deno.test("cp takes tags made of digests into an archive with --digest-tags", async () => {
  await using box = await filled();
  const { host } = box;
  const digest = (await box.ok("resolve", `${host}/app:amd64`)).trim();
  const signature = `${digest.replace(":", "-")}.sig`;
  await box.ok("push", `${host}/app:${signature}`, "-a", CREATED);
  const [from, to] = [`${host}/app:all`, "oci-archive:signed.tar:all"];
  await box.ok("cp", from, to, "--digest-tags");
  assertEquals(
    (await box.ok("repo", "tags", "--oci-layout", "signed.tar")).split("\n")
      .sort(),
    ["", "all", signature],
  );
});

Deno.test("cp into an archive tells what moves", async () => {
  await using box = await filled();
  const line = ["cp", `${box.host}/app:amd64`, "oci-archive:a.tar:v1"];
  const lines = (await box.ok(...line)).split("\n");
  assertEquals(lines.filter((line) => line.endsWith(" hi.txt")), [
    "Copying 98ea6e4f216f hi.txt",
    "Copied  98ea6e4f216f hi.txt",
  ]);
});

Deno.test("cp replaces no archive with --no-clobber", async () => {
  await using box = await filled();
  await box.write("a.tar", "mine");
  for (const kind of ["oci-archive", "docker-archive"]) {
    const line = ["cp", `${box.host}/app:amd64`, `${kind}:a.tar:app:v1`];
    const { code, stderr } = await box.gantry([...line, "--no-clobber"]);
    assertEquals(code, 1);
    assertStringIncludes(stderr, "a.tar: it exists");
    assertEquals(await box.read("a.tar"), "mine");
  }
});

Deno.test("cp refuses to take referrers into an archive of docker's", async () => {
  await using box = await filled();
  for (const flag of ["--recursive", "--digest-tags"]) {
    const line = ["cp", `${box.host}/app:amd64`, "docker-archive:a.tar:app:v1"];
    const { code, stderr } = await box.gantry([...line, flag]);
    assertEquals(code, 1);
    assertStringIncludes(stderr, `${flag} cannot be used with`);
    assertEquals(await box.exists("a.tar"), false);
  }
});

Deno.test("cp takes foreign layers into an archive with --include-foreign", async () => {
  await using box = await filled();
  const { host } = box;
  const type = "application/vnd.oci.image.layer.nondistributable.v1.tar";
  await box.ok("push", `${host}/foreign:v1`, `hi.txt:${type}`, "-a", CREATED);
  const from = `${host}/foreign:v1`;
  const HI =
    "sha256:98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4";
  const head = (file: string) =>
    box.gantry(["blob", "head", "--oci-layout", `${file}@${HI}`]);
  await box.ok("cp", from, "oci-archive:without.tar:v1");
  assertEquals((await head("without.tar")).code, 1);
  await box.ok("cp", from, "oci-archive:with.tar:v1", "--include-foreign");
  assertEquals((await head("with.tar")).code, 0);
});

Deno.test("cp and validate take the one thing that an archive without names holds", async () => {
  await using box = await filled();
  const { host } = box;
  await box.ok("cp", "-r", `${host}/app:amd64`, "oci-archive:one.tar");
  await box.ok("cp", "oci-archive:one.tar", `${host}/one:v1`);
  assertEquals(
    await box.ok("resolve", `${host}/one:v1`),
    await box.ok("resolve", `${host}/app:amd64`),
  );
  await box.ok("image", "append", ...await baseImage(box), "-t", "v2");
  const image = `${host}/base:v2`;
  await box.ok("cp", image, "docker-archive:image.tar");
  await box.ok("validate", "docker-archive:image.tar");
  await box.ok("cp", "docker-archive:image.tar", `${host}/saved:v1`);
  const config = (name: string) => box.ok("manifest", "fetch-config", name);
  assertEquals(await config(`${host}/saved:v1`), await config(image));

  const two = ["backup", `${host}/app:amd64,arm64`, "-o", "two.tar"];
  await box.ok(...two);
  const { code, stderr } = await box.gantry(
    ["cp", "oci-archive:two.tar", `${host}/two:v1`],
  );
  assertEquals(code, 1);
  assertStringIncludes(stderr, "amd64, arm64");
});

/** An image without layers in the registry, and a directory to put on it. */
async function baseImage(box: Sandbox): Promise<string[]> {
  const config = {
    architecture: "amd64",
    os: "linux",
    rootfs: { type: "layers", diff_ids: [] },
  };
  const type = "application/vnd.oci.image.config.v1+json";
  await box.write("config.json", JSON.stringify(config));
  await box.write("root/etc/motd", "hello");
  const name = `${box.host}/base:v1`;
  await box.ok("push", name, "--config", `config.json:${type}`);
  return [name, "root"];
}
