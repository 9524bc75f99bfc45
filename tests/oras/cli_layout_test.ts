import { assertEquals, assertStringIncludes } from "@std/assert";
import { openSandbox, type Sandbox } from "../_support/cli_sandbox.ts";
import type { Finished } from "../_support/gantry.ts";
import { found } from "../_support/programs.ts";

const CREATED = "org.opencontainers.image.created=2024-01-02T03:04:05Z";
const HI =
  "sha256:98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4";

async function filled(): Promise<Sandbox> {
  const box = await openSandbox();
  await box.write("hi.txt", "hi\n");
  await box.write("d/a", "a\n");
  return box;
}

/**
 * Lines on a layout that both programs understand, in this order. Left out is where
 * oras takes the annotations of a layout's entry for those of the content.
 */
const LINES: readonly string[] = [
  `push --oci-layout lay:v1,v2 hi.txt -a ${CREATED}`,
  `push --oci-layout lay:v4 hi.txt -a ${CREATED} --format json`,
  "resolve --oci-layout lay:v1",
  "resolve --oci-layout-path lay v1",
  "resolve -l --oci-layout lay:v1",
  "repo tags --oci-layout lay",
  "repo tags --oci-layout --exclude-digest-tags lay",
  "manifest fetch --oci-layout lay:v1",
  "manifest fetch-config --oci-layout lay:v1",
  "manifest fetch --oci-layout lay",
  `blob fetch --oci-layout lay@${HI} -o -`,
  `blob fetch --oci-layout lay@${HI} --descriptor`,
  "tag --oci-layout lay:v1 x",
  "pull --oci-layout lay:v1 -o out",
  "pull --oci-layout lay -o out",
  "attach --oci-layout lay:v1 hi.txt",
  "attach --oci-layout lay:v1 --artifact-type a/b",
  "attach --oci-layout lay --artifact-type a/b hi.txt",
  `blob push --oci-layout lay hi.txt`,
  "manifest delete --oci-layout lay:nope",
  "manifest delete --oci-layout -f lay:nope",
  "manifest delete --oci-layout -f lay:x",
  "resolve --oci-layout --oci-layout-path lay v1",
  "resolve -H a:b --oci-layout lay:v1",
];

Deno.test({
  name: "commands on an image layout print the same as oras",
  ignore: !found("oras"),
  async fn() {
    await using theirs = await filled();
    await using ours = await filled();
    for (const line of LINES) {
      const wanted = view(await theirs.oras(line.split(" ")), theirs);
      const actual = view(await ours.gantry(line.split(" ")), ours);
      assertEquals(actual, wanted, line);
    }
  },
});

/** Lines on a layout in a tar file, which can only be read; without the same. */
const FILE_LINES: readonly string[] = [
  "resolve --oci-layout lay.tar:v1",
  "resolve --oci-layout-path lay.tar v1",
  "repo tags --oci-layout lay.tar",
  "discover --oci-layout lay.tar:v1 --format table",
  "manifest fetch --oci-layout lay.tar:v1",
  "manifest fetch-config --oci-layout lay.tar:v1",
  `blob fetch --oci-layout lay.tar@${HI} -o -`,
  `blob fetch --oci-layout lay.tar@${HI} --descriptor`,
  "pull --oci-layout lay.tar:v1 -o out",
  "cp --from-oci-layout lay.tar:v1 --to-oci-layout copied:x",
];

Deno.test({
  name: "a layout in a tar file is read as oras reads it",
  ignore: !found("oras") || !found("tar"),
  async fn() {
    await using box = await filled();
    await box.ok("push", "--oci-layout", "lay:v1", "hi.txt", "-a", CREATED);
    await box.ok(
      ...["attach", "--oci-layout", "lay:v1", "--artifact-type", "a/b"],
      ...["-a", CREATED],
    );
    const args = ["-C", "lay", "-cf", "lay.tar", "."];
    const tar = new Deno.Command("tar", { args, cwd: box.folder });
    assertEquals((await tar.output()).code, 0);
    for (const line of FILE_LINES) {
      const wanted = view(await box.oras(line.split(" ")), box);
      for (const path of ["out", "copied"]) {
        await Deno.remove(`${box.folder}/${path}`, { recursive: true })
          .catch(() => {});
      }
      const actual = view(await box.gantry(line.split(" ")), box);
      assertEquals(actual, wanted, line);
    }
    assertEquals(
      await box.ok("inspect", "--oci-layout", "lay.tar:v1"),
      (await box.ok("inspect", "--oci-layout", "lay:v1")).replaceAll(
        "lay:",
        "lay.tar:",
      ).replaceAll("lay@", "lay.tar@"),
    );
    await box.ok("blob", "head", "--oci-layout", `lay.tar@${HI}`);
  },
});

Deno.test("what is no layout in a tar file is told by name", async () => {
  await using box = await filled();
  const { code, stderr } = await box.gantry(
    ["resolve", "--oci-layout", "hi.txt:v1"],
  );
  assertEquals(code, 1);
  assertStringIncludes(stderr, "hi.txt");
});

/** Transfers run at once, so lines may come in any order. */
function view(
  { code, stderr, stdout }: Finished,
  { folder }: Sandbox,
): unknown {
  const rename = (text: string) =>
    text.replaceAll(folder, "WORK").replaceAll("oras ", "gantry ");
  return {
    code,
    stderr: rename(stderr),
    lines: rename(stdout).split("\n").sort(),
  };
}

Deno.test("a layout is pushed to, read, attached to and cleaned up by commands", async () => {
  await using box = await filled();
  await box.ok("push", "--oci-layout", "lay:v1", "hi.txt", "d");
  await box.ok("pull", "--oci-layout-path", "lay", "v1", "-o", "out");
  assertEquals(await box.read("out/d/a"), "a\n");
  await box.ok(
    ...["attach", "--oci-layout", "lay:v1", "--artifact-type", "a/b", "hi.txt"],
  );
  await box.ok("tag", "--oci-layout", "lay:v1", "v2");
  await box.ok("untag", "--oci-layout", "lay:v1");
  assertEquals(await box.ok("repo", "tags", "--oci-layout", "lay"), "v2\n");
  assertStringIncludes(
    await box.ok("blob", "head", "--oci-layout", `lay@${HI}`),
    "Size:   3\n",
  );
  await box.ok("validate", "lay");
  const missing = await box.gantry(["resolve", "--oci-layout", "none:v1"]);
  assertEquals(missing.code, 1);
  assertStringIncludes(missing.stderr, "none");
  assertEquals(await box.exists("none"), false);
});

Deno.test("attach gives what is attached no tag, and finds the subject's platform", async () => {
  await using box = await filled();
  await box.ok("push", `${box.host}/app:v1`, "hi.txt");
  const line = [
    "attach",
    `${box.host}/app:v1`,
    "--artifact-type",
    "a/b",
    "hi.txt",
  ];
  const dry = await box.gantry([...line, "--dry-run"]);
  assertEquals(dry.code, 0);
  assertStringIncludes(dry.stderr, `Would attach sha256:`);
  assertEquals(await box.ok("repo", "tags", `${box.host}/app`), "v1\n");
  await box.ok(...line, "--export-manifest", "m.json");
  const { subject } = JSON.parse(await box.read("m.json"));
  const digest = (await box.ok("resolve", `${box.host}/app:v1`)).trim();
  assertEquals(subject.digest, digest);
  assertEquals(await box.ok("repo", "tags", `${box.host}/app`), "v1\n");
});

Deno.test("push --dry-run packs and hashes, and uploads nothing", async () => {
  await using box = await filled();
  const line = ["push", `${box.host}/app:v1`, "hi.txt", "d", "--reproducible"];
  const dry = await box.gantry([...line, "--dry-run"]);
  assertEquals([dry.code, dry.stdout], [0, ""]);
  assertEquals(await box.ok("repo", "ls", box.host), "");
  await box.ok(...line);
  const digest = (await box.ok("resolve", `${box.host}/app:v1`)).trim();
  assertEquals(
    dry.stderr,
    `Would push ${digest} to [registry] ${box.host}/app:v1\n`,
  );
});
