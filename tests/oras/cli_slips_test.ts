import { assertEquals, assertFalse, assertStringIncludes } from "@std/assert";
import { openSandbox, type Sandbox } from "../_support/cli_sandbox.ts";

const CREATED = "org.opencontainers.image.created=2024-01-02T03:04:05Z";

async function filled(): Promise<Sandbox> {
  const box = await openSandbox();
  await box.write("hi.txt", "hi\n");
  await box.ok("push", `${box.host}/app:v1`, "hi.txt", "-a", CREATED);
  return box;
}

/** Slips of the hand, or of a script, with what is said of them. */
const SLIPS: readonly (readonly [line: string, message: string])[] = [
  ["repo ls HOST/app:v1", "neither a tag nor a digest can be given"],
  ["repo ls HOST/app@sha256:0", "neither a tag nor a digest can be given"],
  [
    "discover HOST/app:v1 --template x",
    "--template must be used with --format go-template",
  ],
  [
    "discover HOST/app:v1 --format table --template x",
    "--template must be used with --format go-template",
  ],
  ["tag HOST/app:v1 HOST/other:v2", "is no tag"],
  ["backup HOST/app:v1 --output=", "expecting more than nothing"],
  ["restore HOST/app:v1 --input=", "expecting more than nothing"],
  ["serve --htpasswd=", "expecting more than nothing"],
  ["serve --root=", "expecting more than nothing"],
  ["serve --tls-cert= --tls-key=", "expecting more than nothing"],
  ["serve --token-key=", "expecting more than nothing"],
  ["serve --immutable-tags=", "expecting more than nothing"],
  ["serve --manifest-types=", "expecting more than nothing"],
];

Deno.test("slips are told, and nothing is done", async () => {
  await using box = await filled();
  for (const [line, message] of SLIPS) {
    const words = line.replaceAll("HOST", box.host).split(" ");
    const { code, stderr, stdout } = await box.gantry(words);
    assertEquals([code, stdout], [1, ""], line);
    assertStringIncludes(stderr, message, line);
  }
  assertEquals(await box.exists("oci-layout"), false);
  assertEquals(await box.ok("repo", "tags", `${box.host}/app`), "v1\n");
});

Deno.test("tag takes a whole reference of the same repository", async () => {
  await using box = await filled();
  const tag = `${box.host}/app:v2`;
  const stdout = await box.ok("tag", `${box.host}/app:v1`, tag);
  assertStringIncludes(stdout, `Tagged ${tag}\n`);
  assertEquals(await box.ok("repo", "tags", `${box.host}/app`), "v1\nv2\n");
});

Deno.test("push .. is not told to use a flag of pull", async () => {
  await using box = await filled();
  const { code, stderr } = await box.gantry(["push", `${box.host}/a:v1`, ".."]);
  assertEquals(code, 1);
  assertStringIncludes(stderr, "Cannot push directory ..");
  assertFalse(stderr.includes("--allow-path-traversal"), stderr);
});

Deno.test("what the system says of a path is told in the words of other messages", async () => {
  await using box = await filled();
  await box.write("folder/x", "x");
  const missing = `${box.folder}/missing`;
  const pushed = await box.gantry(["push", `${box.host}/a:v1`, "folder"], {
    env: { TMPDIR: missing },
  });
  assertEquals(pushed.code, 1);
  assertStringIncludes(
    pushed.stderr,
    `Error: Cannot use ${missing}/gantry-XXXXXX: no such file or directory\n`,
  );
  const packed = await box.gantry(
    ["layer", "pack", "folder", "-o", "missing/layer.tar"],
  );
  assertEquals(packed.code, 1);
  assertStringIncludes(packed.stderr, "Error: Cannot use missing/layer.tar");
});
