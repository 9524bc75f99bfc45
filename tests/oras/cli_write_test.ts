import { assertEquals, assertStringIncludes } from "@std/assert";
import { createRegistry } from "@gantry/oci/distribution/server";
import { openSandbox, type Sandbox } from "../_support/cli_sandbox.ts";
import type { Finished, RunOptions } from "../_support/gantry.ts";
import { found } from "../_support/programs.ts";

const HI =
  "sha256:98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4";
const CREATED = "org.opencontainers.image.created=2024-01-02T03:04:05Z";
const NONE = `sha256:${"0".repeat(64)}`;

async function filled(): Promise<Sandbox> {
  const box = await openSandbox();
  await box.write("hi.txt", "hi\n");
  await box.write("empty.json", "{}\n");
  await box.ok("push", `${box.host}/app:v1`, "hi.txt", "-a", CREATED);
  await box.ok("manifest", "fetch", `${box.host}/app:v1`, "-o", "m.json");
  return box;
}

/** Lines that both programs understand, each with what is on stdin. */
const LINES: readonly (readonly [line: string, stdin?: string])[] = [
  ["blob push HOST/b hi.txt"],
  ["blob push HOST/b hi.txt"],
  ["blob push --media-type x/y --descriptor HOST/b hi.txt"],
  [`blob push --descriptor --pretty HOST/b@${HI} hi.txt`],
  ["blob push --size 5 HOST/b hi.txt"],
  [`blob push --size 3 HOST/b@${HI} -`, "hi\n"],
  [`blob push --size 3 HOST/b@${HI} - --password-stdin`, "hi\n"],
  [`blob push --size 3 HOST/b@${HI} - --identity-token-stdin`, "hi\n"],
  ["manifest push HOST/b:1 - --password-stdin", "{}"],
  [`blob delete HOST/b@${HI}`],
  [`blob delete HOST/b@${HI}`, "n\n"],
  [`blob delete --descriptor HOST/b@${HI}`],
  [`blob delete HOST/b@${HI}`, "y\n"],
  [`blob delete HOST/b@${HI}`],
  [`blob delete -f HOST/b@${HI}`],
  ["blob push HOST/b hi.txt"],
  [`blob delete -f --descriptor HOST/b@${HI}`],
  ["blob delete HOST/b"],
  ["manifest fetch-config HOST/app:v1"],
  ["manifest fetch-config --pretty HOST/app:v1"],
  ["manifest fetch-config --descriptor HOST/app:v1"],
  ["manifest fetch-config -o - --descriptor HOST/app:v1"],
  ["manifest get-config HOST/app"],
  [`attach HOST/app:v1 --artifact-type a/b -a ${CREATED} --format json`],
  [`attach HOST/app:v1 --artifact-type a/b hi.txt -a ${CREATED}`],
  [`attach HOST/app:v1 --artifact-type a/b hi.txt --export-manifest e.json -a k=v -a ${CREATED}`],
  ["attach HOST/app:v1 hi.txt"],
  ["attach HOST/app:v1 --artifact-type a/b"],
  ["attach HOST/app --artifact-type a/b hi.txt"],
  ["attach --config a --platform linux --artifact-type a/b HOST/app:v1 hi.txt"],
  ["manifest push HOST/app:v2 m.json"],
  ["manifest push HOST/app:v2 m.json"],
  ["manifest push HOST/app:v3,v4 m.json"],
  ["manifest push HOST/app m.json"],
  ["manifest push --descriptor HOST/app:v6 m.json"],
  ["manifest push --descriptor --pretty HOST/app:v6 m.json"],
  ["manifest push HOST/app:v8 hi.txt"],
  ["manifest push HOST/app:v8 empty.json"],
  ["manifest delete HOST/app:v3"],
  ["manifest delete HOST/app:v3", "n\n"],
  ["manifest delete -f HOST/app:nope"],
  ["manifest delete HOST/app:nope"],
  ["manifest delete --descriptor HOST/app:v1"],
  ["manifest delete HOST/app"],
  ["manifest rm -f HOST/app:v3"],
  ["manifest delete -f HOST/app:v1"],
];

Deno.test({
  name: "what pushes and deletes prints the same as oras",
  ignore: !found("oras"),
  async fn() {
    await using theirs = await filled();
    await using ours = await filled();
    for (const [line, stdin] of LINES) {
      const options = stdin === undefined ? {} : { stdin };
      const wanted = renamed(await run(theirs, "oras", line, options), theirs);
      const actual = renamed(await run(ours, "gantry", line, options), ours);
      assertEquals(actual, wanted, line);
    }
  },
});

function run(
  box: Sandbox,
  program: "gantry" | "oras",
  line: string,
  options: RunOptions,
): Promise<Finished> {
  const args = line.split(" ").map((word) => word.replace("HOST", box.host));
  return box[program](args, options);
}

function renamed({ code, stderr, stdout }: Finished, box: Sandbox): Finished {
  const rename = (text: string) =>
    text.replaceAll(box.host, "HOST").replaceAll("oras ", "gantry ");
  // Transfers run at once, so lines may come in any order.
  const lines = rename(stdout).split("\n").sort().join("\n");
  return { code, stdout: lines, stderr: rename(stderr) };
}

Deno.test("blob push reads stdin without being told the size, and verifies what it is told", async () => {
  await using box = await filled();
  const { code, stdout } = await box.gantry([
    "blob",
    "push",
    `${box.host}/b`,
    "-",
  ], {
    stdin: "hi\n",
  });
  assertEquals(code, 0);
  assertStringIncludes(stdout, `Digest: ${HI}\n`);
  const wrong = await box.gantry(
    ["blob", "push", `${box.host}/b@${NONE}`, "hi.txt"],
  );
  assertEquals([wrong.code, wrong.stdout], [1, ""]);
  assertStringIncludes(wrong.stderr, `expected ${NONE}, but hi.txt has ${HI}`);
  const tagged = await box.gantry([
    "blob",
    "push",
    `${box.host}/b:v1`,
    "hi.txt",
  ]);
  assertStringIncludes(tagged.stderr, "a blob has no tag");
});

Deno.test("blob head tells a blob's size, and fails where there is none", async () => {
  await using box = await filled();
  assertEquals(
    await box.ok("blob", "head", `${box.host}/app@${HI}`),
    `Digest: ${HI}\nSize:   3\n`,
  );
  const { size } = JSON.parse(
    await box.ok("blob", "head", `${box.host}/app@${HI}`, "--format=json"),
  );
  assertEquals(size, 3);
  const { code } = await box.gantry([
    "blob",
    "head",
    `${box.host}/app@${NONE}`,
  ]);
  assertEquals(code, 1);
});

Deno.test("untag goes by a placeholder where the registry deletes no tags", async () => {
  await using box = await openSandbox(
    createRegistry({ deletable: ["manifest"] }).fetch,
  );
  const { host } = box;
  await box.write("hi.txt", "hi\n");
  await box.ok("push", `${host}/app:v1,v2,v3`, "hi.txt");
  const refused = await box.gantry(
    ["untag", `${host}/app:v1`, "--no-placeholder"],
  );
  assertEquals([refused.code, refused.stdout], [1, ""]);
  assertStringIncludes(
    refused.stderr,
    `Error: ${host}/app:v1 stays: the registry deletes no tags (unsupported`,
  );
  assertStringIncludes(refused.stderr, "Without --no-placeholder");
  await box.ok("untag", `${host}/app:v1`, "--dry-run");
  assertEquals(await box.ok("repo", "tags", `${host}/app`), "v1\nv2\nv3\n");
  assertEquals(
    await box.ok("untag", `${host}/app:v1,v3`),
    `Untagged [registry] ${host}/app:v1\nUntagged [registry] ${host}/app:v3\n`,
  );
  assertEquals(await box.ok("repo", "tags", `${host}/app`), "v2\n");
  await box.ok("pull", `${host}/app:v2`, "-o", "out");
});

Deno.test("untag changes nothing where the registry deletes nothing", async () => {
  await using box = await openSandbox(createRegistry({ deletable: [] }).fetch);
  const { host } = box;
  await box.ok("push", `${host}/app:v1`);
  const before = await box.ok("resolve", `${host}/app:v1`);
  const { code, stderr } = await box.gantry(["untag", `${host}/app:v1`]);
  assertEquals(code, 1);
  assertStringIncludes(
    stderr,
    `${host}/app:v1 stays: the registry deletes no tags and no manifests`,
  );
  assertEquals(await box.ok("resolve", `${host}/app:v1`), before);
});

Deno.test("untag removes tags and nothing else", async () => {
  await using box = await filled();
  await box.ok("tag", `${box.host}/app:v1`, "v2", "v3", "v4");
  assertEquals(
    await box.ok("untag", `${box.host}/app:v2,v3`),
    `Untagged [registry] ${box.host}/app:v2\nUntagged [registry] ${box.host}/app:v3\n`,
  );
  assertEquals(await box.ok("repo", "tags", `${box.host}/app`), "v1\nv4\n");
  assertEquals(
    JSON.parse(await box.ok("untag", `${box.host}/app:v4`, "--format=json")),
    { untagged: [`${box.host}/app:v4`] },
  );
  const gone = await box.gantry(["untag", `${box.host}/app:v4`]);
  assertEquals(gone.code, 1);
  const digest = (await box.ok("resolve", `${box.host}/app:v1`)).trim();
  const byDigest = await box.gantry(["untag", `${box.host}/app@${digest}`]);
  assertStringIncludes(byDigest.stderr, "no tag specified");
});

Deno.test("--dry-run changes nothing, and says what would be", async () => {
  await using box = await filled();
  const digest = (await box.ok("resolve", `${box.host}/app:v1`)).trim();
  const lines: [line: string[], words: string][] = [
    [
      ["blob", "push", `${box.host}/new`, "hi.txt"],
      `Would push ${HI} to [registry] ${box.host}/new\n`,
    ],
    [
      ["blob", "delete", `${box.host}/app@${HI}`],
      `Would delete [registry] ${box.host}/app@${HI}\n`,
    ],
    [
      ["manifest", "push", `${box.host}/new:v1`, "m.json"],
      `Would push ${digest} to [registry] ${box.host}/new:v1\n`,
    ],
    [
      ["manifest", "delete", `${box.host}/app:v1`],
      `Would delete [registry] ${box.host}/app@${digest}\n`,
    ],
    [
      ["untag", `${box.host}/app:v1`],
      `Would untag [registry] ${box.host}/app:v1\n`,
    ],
  ];
  for (const [line, words] of lines) {
    const { code, stderr, stdout } = await box.gantry([...line, "--dry-run"]);
    assertEquals({ code, stderr, stdout }, {
      code: 0,
      stderr: words,
      stdout: "",
    });
  }
  assertEquals(await box.ok("repo", "ls", box.host), "app\n");
  await box.ok("pull", `${box.host}/app:v1`, "-o", "out");
});
