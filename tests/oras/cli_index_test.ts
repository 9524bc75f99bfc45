import { assertEquals, assertStringIncludes } from "@std/assert";
import { openSandbox, type Sandbox } from "../_support/cli_sandbox.ts";
import { found } from "../_support/programs.ts";

const CREATED = "org.opencontainers.image.created=2024-01-02T03:04:05Z";

async function filled(): Promise<Sandbox> {
  const box = await openSandbox();
  const name = `${box.host}/app`;
  for (
    const [tag, platform] of [["a", "linux/amd64"], ["b", "linux/arm64/v8"]]
  ) {
    await box.ok(
      ...["push", `${name}:${tag}`, "-a", CREATED],
      ...["--artifact-platform", platform!],
    );
  }
  await box.ok("push", `${name}:plain`, "-a", CREATED);
  return box;
}

/** The digest of `b`, which is the same in every sandbox. */
async function digestOf(box: Sandbox, tag: string): Promise<string> {
  return (await box.ok("resolve", `${box.host}/app:${tag}`)).trim();
}

Deno.test({
  name: "manifest index prints the same as oras, and makes the same bytes",
  ignore: !found("oras"),
  async fn() {
    await using theirs = await filled();
    await using ours = await filled();
    const b = await digestOf(ours, "b");
    const lines = [
      "manifest index create HOST/app:i,j a b",
      "manifest index create HOST/app a",
      `manifest index create HOST/app:k ${b} -a k=<v> --artifact-type x/y`,
      "manifest index pack HOST/app:l a b -o -",
      "manifest index create HOST/app:l a -o - --pretty",
      "manifest index create HOST/app:l a -o saved.json",
      "manifest index create HOST/app:empty",
      `manifest index update HOST/app:i --remove ${b}`,
      "manifest index update HOST/app:i --add plain --tag t1 --tag t2",
      "manifest index update HOST/app:i --merge k --artifact-type z/z",
      "manifest index update HOST/app:i --artifact-type= -o - --pretty",
      "manifest index update HOST/app:i",
      "manifest index update HOST/app:i --remove a",
      "manifest index update HOST/app:i --add a --tag x -o -",
      "manifest fetch HOST/app:i",
      "manifest fetch HOST/app:t2",
    ];
    for (const line of lines) {
      const run = async (box: Sandbox, program: "gantry" | "oras") => {
        const args = line.split(" ")
          .map((word) => word.replace("HOST", box.host));
        const { code, stderr, stdout } = await box[program](args);
        const rename = (text: string) =>
          text.replaceAll(box.host, "HOST").replaceAll("oras ", "gantry ");
        // Tags are set at once, so their lines may come in any order.
        const lines = rename(stdout).split("\n").sort();
        return { code, stderr: rename(stderr), lines };
      };
      assertEquals(await run(ours, "gantry"), await run(theirs, "oras"), line);
    }
    assertEquals(
      await ours.read("saved.json"),
      await theirs.read("saved.json"),
    );
  },
});

Deno.test("manifest index works in layouts, as JSON, and changes nothing with --dry-run", async () => {
  await using box = await filled();
  const name = `${box.host}/app`;
  const dry = await box.gantry(
    ["manifest", "index", "create", `${name}:i`, "a", "b", "--dry-run"],
  );
  assertEquals(dry.code, 0);
  assertStringIncludes(dry.stderr, `Would push sha256:`);
  assertEquals((await box.ok("repo", "tags", name)).includes("i\n"), false);
  const made = JSON.parse(
    await box.ok(
      ...["manifest", "index", "create", `${name}:i`, "a", "b"],
      "--format=json",
    ),
  );
  assertEquals(made.referenceAsTags, [`${name}:i`]);
  await box.ok("cp", `${name}:i`, "--to-oci-layout", "lay:i");
  await box.ok(
    ...["manifest", "index", "update", "--oci-layout", "lay:i"],
    ...["--remove", await digestOf(box, "b"), "--tag", "one"],
  );
  const index = JSON.parse(
    await box.ok("manifest", "fetch", "--oci-layout", "lay:one"),
  );
  assertEquals(index.manifests[0].platform, {
    architecture: "amd64",
    os: "linux",
  });
  assertEquals(index.manifests.length, 1);
  const wrong = await box.gantry(
    ["manifest", "index", "update", `${name}:a`, "--add", "b"],
  );
  assertEquals(wrong.code, 1);
  assertStringIncludes(wrong.stderr, "as an index");
});
