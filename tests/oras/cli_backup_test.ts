import { assertEquals, assertStringIncludes } from "@std/assert";
import { createRegistry } from "@gantry/oci/distribution/server";
import { openSandbox, type Sandbox } from "../_support/cli_sandbox.ts";
import { found } from "../_support/programs.ts";

const CREATED = "org.opencontainers.image.created=2024-01-02T03:04:05Z";

/** Two tags, one of which something is attached to. */
async function filled(): Promise<Sandbox> {
  const box = await openSandbox();
  await box.write("hi.txt", "hi\n");
  const name = `${box.host}/app`;
  await box.ok("push", `${name}:v1`, "hi.txt", "-a", CREATED);
  await box.ok("push", `${name}:v2`, "-a", CREATED, "-a", "k=v");
  await box.ok(
    ...["attach", `${name}:v1`, "--artifact-type", "a/b", "-a", CREATED],
  );
  return box;
}

/** Runs a line; times and the sizes of archives are not compared. */
async function run(
  box: Sandbox,
  program: "gantry" | "oras",
  line: string,
): Promise<unknown> {
  const args = line.split(" ").map((word) => word.replace("HOST", box.host));
  const { code, stderr, stdout } = await box[program](args);
  const plain = (text: string) =>
    text.replaceAll(box.host, "HOST")
      .replaceAll("oras ", "gantry ")
      .replace(/ in [\d.]+m?s/, " in TIME")
      .replace(/\([\d.]+ KB\)/, "(SIZE)");
  return {
    code,
    stderr: plain(stderr),
    lines: plain(stdout).split("\n").sort(),
  };
}

Deno.test({
  name: "backup and restore print the same as oras",
  ignore: !found("oras"),
  async fn() {
    await using theirs = await filled();
    await using ours = await filled();
    const lines = [
      "backup HOST/app -o all",
      "backup HOST/app:v1 -o one --include-referrers",
      "backup HOST/app:v1,nope -o other",
      `backup HOST/app@sha256:${"0".repeat(64)} -o other`,
      "backup HOST/app",
      "restore HOST/new --input all",
      "restore HOST/dry:v1 --input one --dry-run",
      "restore HOST/dry:v1 --input one --dry-run --exclude-referrers",
      "restore HOST/again:v1 --input one",
      "restore HOST/again:nope --input one",
      "restore HOST/again",
      "repo tags HOST/again",
      "discover HOST/again:v1 --format json",
    ];
    for (const line of lines) {
      const wanted = await run(theirs, "oras", line);
      assertEquals(await run(ours, "gantry", line), wanted, line);
    }
  },
});

Deno.test("a backup in an archive holds tags and referrers, and is restored whole", async () => {
  await using box = await filled();
  const name = `${box.host}/app`;
  const out = await box.ok(
    "backup",
    name,
    "-o",
    "b.tar",
    "--include-referrers",
  );
  assertStringIncludes(out, "Pulled tag v1 with 1 referrer(s)\n");
  assertStringIncludes(out, "Exported to b.tar (");
  const restored = `${box.host}/restored`;
  const { tags } = JSON.parse(
    await box.ok("restore", restored, "--input", "b.tar", "--format=json"),
  );
  assertEquals(
    tags.map(({ referrers, tag }: Record<string, unknown>) => [tag, referrers]),
    [["v1", 1], ["v2", 0]],
  );
  for (const tag of ["v1", "v2"]) {
    assertEquals(
      await box.ok("resolve", `${restored}:${tag}`),
      await box.ok("resolve", `${name}:${tag}`),
    );
  }
  assertStringIncludes(await box.ok("discover", `${restored}:v1`), "a/b");
  const missing = await box.gantry(["restore", restored, "--input", "none"]);
  assertEquals(missing.code, 1);
  assertStringIncludes(missing.stderr, "none");
});

Deno.test({
  name: "oras restores what gantry backed up, and the other way round",
  ignore: !found("oras"),
  async fn() {
    await using box = await filled();
    const name = `${box.host}/app`;
    for (const output of ["mine", "mine.tar"]) {
      await box.ok("backup", name, "-o", output, "--include-referrers");
      const target = `${box.host}/by-oras-${output.replace(".", "-")}`;
      const { code, stderr } = await box.oras(
        ["restore", target, "--input", output],
      );
      assertEquals([code, stderr], [0, ""]);
      assertEquals(await box.ok("repo", "tags", target), "v1\nv2\n");
      assertStringIncludes(await box.ok("discover", `${target}:v1`), "a/b");
    }
    for (const output of ["theirs", "theirs.tar"]) {
      const made = await box.oras(
        ["backup", name, "-o", output, "--include-referrers"],
      );
      assertEquals(made.code, 0, made.stderr);
      const target = `${box.host}/by-gantry-${output.replace(".", "-")}`;
      await box.ok("restore", target, "--input", output);
      assertEquals(await box.ok("repo", "tags", target), "v1\nv2\n");
      assertStringIncludes(await box.ok("discover", `${target}:v1`), "a/b");
    }
  },
});

Deno.test("a backup holds the signatures that tags made of digests are, and no lists of referrers", async () => {
  await using box = await openSandbox();
  const name = `${box.host}/app`;
  await box.ok("push", `${name}:v1`);
  const digest = (await box.ok("resolve", `${name}:v1`)).trim();
  const tag = digest.replace(":", "-");
  await box.ok("push", `${name}:${tag}.sig`, "-a", "signed=yes");
  await box.ok("push", `${name}:${tag}`, "-a", "list=yes");
  for (const output of ["lay", "all.tar"]) {
    await box.ok("backup", name, "-o", output);
    await box.ok("restore", `${box.host}/${output[0]}`, "--input", output);
    assertEquals(
      await box.ok("repo", "tags", `${box.host}/${output[0]}`),
      `${tag}.sig\nv1\n`,
    );
  }
});

Deno.test("a backup holds what its tags were found to point at, also where one moves meanwhile", async () => {
  const registry = createRegistry();
  let moves = false;
  await using box = await openSandbox(async (request) => {
    const answer = await registry.fetch(request);
    const isFound = request.method === "HEAD" && request.url.endsWith("/v1");
    if (moves && isFound) {
      moves = false;
      const url = new URL(request.url.replace(/v1$/, "v2"), "http://x");
      const { body, headers } = await registry.fetch(new Request(url));
      const bytes = await new Response(body).bytes();
      await registry.fetch(
        new Request(request.url, { method: "PUT", headers, body: bytes }),
      );
    }
    return answer;
  });
  const name = `${box.host}/app`;
  for (const tag of ["v1", "v2"]) {
    await box.ok("push", `${name}:${tag}`, "-a", `tag=${tag}`);
  }
  for (const output of ["lay", "all.tar"]) {
    await box.ok("push", `${name}:v1`, "-a", `output=${output}`);
    moves = true;
    const { tags: [report] } = JSON.parse(
      await box.ok(
        ...["backup", `${name}:v1`, "-o", output, "--include-referrers"],
        "--format=json",
      ),
    );
    assertEquals(moves, false);
    await box.ok("restore", `${box.host}/back-${output[0]}`, "--input", output);
    assertEquals(
      await box.ok("resolve", `${box.host}/back-${output[0]}:v1`),
      `${report.digest}\n`,
    );
  }
});
