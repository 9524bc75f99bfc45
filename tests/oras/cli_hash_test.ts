import { assertEquals, assertStringIncludes } from "@std/assert";
import { openSandbox } from "../_support/cli_sandbox.ts";

const HI =
  "sha256:98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4";

Deno.test("hash prints digests of files and of stdin, in any algorithm", async () => {
  await using box = await openSandbox();
  await box.write("hi.txt", "hi\n");
  await box.write("empty", "");
  // Larger than what is read at once, and no multiple of it.
  const large = new Uint8Array(3 * 1024 * 1024 + 7).map((_, index) => index);
  await box.write("large", large);
  const hash = await crypto.subtle.digest("SHA-256", large);
  const hex = [...new Uint8Array(hash)]
    .map((byte) => byte.toString(16).padStart(2, "0")).join("");
  assertEquals(await box.ok("hash", "hi.txt"), `${HI}\n`);
  assertEquals(
    await box.ok("hash", "hi.txt", "large", "empty"),
    `${HI}  hi.txt\nsha256:${hex}  large\nsha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  empty\n`,
  );
  const piped = await box.gantry(["hash", "-"], { stdin: "hi\n" });
  assertEquals(piped.stdout, `${HI}\n`);
  const lengths = { sha384: 96, sha512: 128, blake3: 64 };
  for (const [algorithm, length] of Object.entries(lengths)) {
    const line = await box.ok("hash", "--algorithm", algorithm, "hi.txt");
    assertEquals(line.length, algorithm.length + 1 + length + 1);
  }
  assertEquals(
    await box.ok("hash", "--algorithm=blake3", "empty"),
    "blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262\n",
  );
});

Deno.test("hash --verify fails where a file has another digest", async () => {
  await using box = await openSandbox();
  await box.write("hi.txt", "hi\n");
  await box.write("ho.txt", "ho\n");
  assertEquals(await box.ok("hash", "--verify", HI, "hi.txt"), `${HI}\n`);
  const one = await box.gantry(["hash", "--verify", HI, "ho.txt"]);
  assertEquals([one.code, one.stderr], [
    1,
    `Error: digest mismatch: expected ${HI}\n`,
  ]);
  const two = await box.gantry(["hash", "--verify", HI, "hi.txt", "ho.txt"]);
  assertEquals(two.code, 1);
  assertStringIncludes(two.stderr, "in 1 of 2 files");
  assertEquals(two.stdout.split("\n").length, 3);
});

Deno.test("hash refuses what it cannot hash", async () => {
  await using box = await openSandbox();
  await box.write("dir/x", "");
  const cases: [string[], string][] = [
    [["missing"], "open missing: no such file or directory"],
    [["dir"], "open dir: "],
    [["--algorithm", "md5", "dir/x"], 'invalid argument "md5"'],
    [["--verify", "sha256:1", "dir/x"], "Cannot parse digest"],
    [["--verify", "md5:0123", "dir/x"], "md5"],
    [
      ["--verify", HI, "--algorithm", "sha256", "dir/x"],
      "cannot be used at the same time",
    ],
    [[], "requires at least 1 argument but got 0"],
  ];
  for (const [args, message] of cases) {
    const { code, stderr, stdout } = await box.gantry(["hash", ...args]);
    assertEquals([code, stdout], [1, ""]);
    assertStringIncludes(stderr, message);
  }
});
