import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { openSandbox, type Sandbox } from "../_support/cli_sandbox.ts";
import { found } from "../_support/programs.ts";

async function trees(): Promise<Sandbox> {
  const box = await openSandbox();
  await box.write("v1/etc/motd", "hello\n");
  await box.write("v1/etc/old", "old\n");
  await box.write("v1/bin/run", "#!/bin/sh\n");
  await Deno.chmod(`${box.folder}/v1/bin/run`, 0o755);
  await box.write("v2/etc/motd", "changed\n");
  await box.write("v2/etc/new", "new\n");
  await box.write("v2/bin/run", "#!/bin/sh\n");
  await Deno.chmod(`${box.folder}/v2/bin/run`, 0o755);
  await Deno.symlink("motd", `${box.folder}/v2/etc/link`);
  // Whatever the umask is.
  for (const path of ["v1/bin", "v1/etc", "v2/bin", "v2/etc"]) {
    await Deno.chmod(`${box.folder}/${path}`, 0o755);
  }
  for (
    const path of ["v1/etc/motd", "v1/etc/old", "v2/etc/motd", "v2/etc/new"]
  ) {
    await Deno.chmod(`${box.folder}/${path}`, 0o644);
  }
  return box;
}

Deno.test("layer pack makes the same layer of the same tree, and layer digest agrees", async () => {
  await using box = await trees();
  const line = ["layer", "pack", "--mtime=0", "-o"];
  const packed = JSON.parse(await box.ok(...line, "a.tar.gz", "v1"));
  assertEquals(
    JSON.parse(await box.ok(...line, "b.tar.gz", "v1")),
    packed,
  );
  const plain = JSON.parse(
    await box.ok(...line, "a.tar", "--compression=none", "v1"),
  );
  const zstd = JSON.parse(
    await box.ok(...line, "a.tar.zst", "--compression", "zstd", "v1"),
  );
  assertEquals(packed.mediaType.endsWith("tar+gzip"), true);
  assertEquals([plain.diffId, zstd.diffId, plain.digest], [
    packed.diffId,
    packed.diffId,
    packed.diffId,
  ]);
  const digests = JSON.parse(
    await box.ok("layer", "digest", "--format=json", "a.tar.gz", "a.tar.zst"),
  );
  assertEquals(digests.layers, [
    { file: "a.tar.gz", ...packed },
    { file: "a.tar.zst", ...zstd },
  ]);
  assertStringIncludes(
    await box.ok("layer", "digest", "a.tar"),
    `Digest:    ${plain.digest}\nSize:      ${plain.size}\nDiffID:    ${plain.diffId}\nChainID:   ${plain.diffId}\n`,
  );
  // What is written to stdout is the same, and its description is elsewhere.
  const piped = await box.gantry(
    ["layer", "pack", "--mtime=0", "--compression=none", "-o-", "v1"],
  );
  assertEquals(JSON.parse(piped.stderr), plain);
  assertEquals(piped.stdout, await box.read("a.tar"));
});

Deno.test("layer pack clamps times to SOURCE_DATE_EPOCH, and --mtime wins", async () => {
  await using box = await trees();
  const time = async (args: string[], epoch: string) => {
    const { code, stderr } = await box.gantry(
      ["layer", "pack", "-o", "t.tar", ...args, "v1"],
      { env: { SOURCE_DATE_EPOCH: epoch } },
    );
    assertEquals([code, stderr], [0, ""]);
    const { entries } = JSON.parse(
      await box.ok("layer", "ls", "--format=json", "t.tar"),
    );
    return entries[0].mtime;
  };
  assertEquals(await time([], "1000000000"), "2001-09-09T01:46:40.000Z");
  assertEquals(await time(["--mtime=7"], "1"), "1970-01-01T00:00:07.000Z");
  assertEquals(
    await time(["--mtime=2024-01-31T12:00:00Z"], ""),
    "2024-01-31T12:00:00.000Z",
  );
});

Deno.test("layer ls lists entries as tar does", async () => {
  await using box = await trees();
  await box.ok("layer", "pack", "--mtime=0", "-o", "a.tar.gz", "v2");
  assertEquals(
    await box.ok("layer", "ls", "a.tar.gz"),
    `drwxr-xr-x 0/0                0 1970-01-01 00:00 bin/
-rwxr-xr-x 0/0               10 1970-01-01 00:00 bin/run
drwxr-xr-x 0/0                0 1970-01-01 00:00 etc/
lrwxrwxrwx 0/0                0 1970-01-01 00:00 etc/link -> motd
-rw-r--r-- 0/0                8 1970-01-01 00:00 etc/motd
-rw-r--r-- 0/0                4 1970-01-01 00:00 etc/new
`,
  );
  const { entries } = JSON.parse(
    await box.ok("layer", "list", "--format=json", "a.tar.gz"),
  );
  assertEquals(entries[3], {
    name: "etc/link",
    type: "symlink",
    size: 0,
    mode: "0777",
    uid: 0,
    gid: 0,
    mtime: "1970-01-01T00:00:00.000Z",
    linkname: "motd",
  });
});

Deno.test("layer diff lists changes, and packs what layer unpack applies", async () => {
  await using box = await trees();
  assertEquals(
    await box.ok("layer", "diff", "v1", "v2"),
    `C etc
D etc/old
A etc/link
C etc/motd
A etc/new
`,
  );
  const { changes } = JSON.parse(
    await box.ok("layer", "diff", "--format=json", "v1", "v2"),
  );
  assertEquals(changes[1], { kind: "deleted", path: "etc/old" });
  const base = JSON.parse(await box.ok("layer", "pack", "-o", "1.tgz", "v1"));
  const top = JSON.parse(
    await box.ok("layer", "diff", "-o", "2.tgz", "v1", "v2"),
  );
  const lines = await box.ok(
    "layer",
    "unpack",
    "-o",
    "out",
    `--diff-id=${base.diffId}`,
    `--diff-id=${top.diffId}`,
    "1.tgz",
    "2.tgz",
  );
  assertStringIncludes(lines, `Unpacked 2.tgz (5 entries) ${top.diffId}\n`);
  assertEquals(await box.read("out/etc/motd"), "changed\n");
  assertEquals(await Deno.readLink(`${box.folder}/out/etc/link`), "motd");
  assertEquals(await box.exists("out/etc/old"), false);
  assertEquals(await box.ok("layer", "diff", "v2", "out"), "");
});

Deno.test("layer unpack leaves nothing where it fails", async () => {
  await using box = await trees();
  await box.ok("layer", "pack", "-o", "1.tgz", "v1");
  await box.write(
    "bad.tgz",
    (await Deno.readFile(`${box.folder}/1.tgz`))
      .subarray(0, 60),
  );
  const wrong = `sha256:${"0".repeat(64)}`;
  for (
    const args of [
      ["bad.tgz"],
      ["1.tgz", "bad.tgz"],
      ["1.tgz", "missing.tgz"],
      ["--diff-id", wrong, "1.tgz"],
      ["--diff-id", "sha256:../x", "1.tgz"],
    ]
  ) {
    const { code, stderr, stdout } = await box.gantry(
      ["layer", "unpack", "-o", "out", ...args],
    );
    assertEquals([code, stdout], [1, ""], stderr);
    assert(stderr.startsWith("Error: "));
    assertEquals(await box.exists("out"), false);
  }
});

Deno.test("layer commands refuse what they cannot use", async () => {
  await using box = await trees();
  await box.write("text", "no layer, but longer than one block. ".repeat(40));
  const cases: [string[], string][] = [
    [["pack", "v1"], "no file given for the layer"],
    [["pack", "-o", "x", "missing"], "open missing: no such file"],
    [["pack", "-o", "x", "text"], "text is not a directory"],
    [["pack", "-o", "x", "--level=0", "v1"], "invalid level 0"],
    [["pack", "-o", "x", "--mtime=never", "v1"], 'invalid time "never"'],
    [["pack", "-o", "x", "--compression=lz4", "v1"], 'argument "lz4"'],
    [["diff", "v1", "text"], "text is not a directory"],
    [["diff", "v1"], "requires exactly 2 arguments"],
    [["ls", "text"], "Cannot read layer"],
    [["ls", "missing"], "open missing: no such file or directory"],
    [["digest", "v1"], "open v1: "],
  ];
  for (const [args, message] of cases) {
    const { code, stderr, stdout } = await box.gantry(["layer", ...args]);
    assertEquals([code, stdout], [1, ""]);
    assertStringIncludes(stderr, message);
  }
  const files = await Array.fromAsync(
    Deno.readDir(box.folder),
    ({ name }) => name,
  );
  assertEquals(files.sort(), ["text", "v1", "v2"]);
});

Deno.test({
  name: "layer ls reads what tar writes to its stdin's end",
  ignore: !found("tar"),
  async fn() {
    await using box = await trees();
    const { stdout } = await new Deno.Command("tar", {
      args: ["-C", `${box.folder}/v1`, "-cf", "-", "etc"],
    }).output();
    await box.write("t.tar", stdout);
    const names = (await box.ok("layer", "ls", "t.tar")).trimEnd().split("\n")
      .map((line) => line.split(" ").at(-1));
    assertEquals(names.sort(), ["etc/", "etc/motd", "etc/old"]);
  },
});
