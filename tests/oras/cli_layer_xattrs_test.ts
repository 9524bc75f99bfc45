import { assertEquals, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import { openSandbox } from "../_support/cli_sandbox.ts";
import { runProgram } from "../_support/gantry.ts";
import { found } from "../_support/programs.ts";
import { getXattrs, setXattrs, xattrsWork } from "../_support/xattrs.ts";

const ignore = !xattrsWork();
const CLI = fileURLToPath(new URL("../../cli.ts", import.meta.url));

Deno.test({
  name: "layer pack, diff and unpack keep extended attributes where asked",
  ignore,
  async fn() {
    await using box = await openSandbox();
    for (const name of ["v1", "v2"]) await box.write(`${name}/file`, "x");
    const path = (name: string) => `${box.folder}/${name}/file`;
    for (const name of ["v1", "v2"]) {
      await Deno.utime(path(name), 1_700_000_000, 1_700_000_000);
    }
    await setXattrs({
      [path("v1")]: { "user.a": "00ff" },
      [path("v2")]: { "user.a": "01" },
    });
    assertEquals(await box.ok("layer", "diff", "v1", "v2"), "");
    assertEquals(
      await box.ok("layer", "diff", "--xattrs", "v1", "v2"),
      "C file\n",
    );
    await box.ok("layer", "pack", "--xattrs", "-o", "1.tar.gz", "v1");
    await box.ok("layer", "pack", "-o", "bare.tar.gz", "v1");
    await box.ok("layer", "diff", "--xattrs", "-o", "2.tar.gz", "v1", "v2");
    const list = async (name: string) =>
      JSON.parse(await box.ok("layer", "ls", "--format=json", name)).entries;
    assertEquals((await list("1.tar.gz"))[0].xattrs, { "user.a": "AP8=" });
    assertEquals((await list("bare.tar.gz"))[0].xattrs, undefined);
    const unpacked = {
      "--output=a": "01",
      "--output=b --xattrs": "01",
      "--output=c --ignore-xattrs": undefined,
    };
    for (const [flags, value] of Object.entries(unpacked)) {
      await box.ok(
        ...["layer", "unpack", ...flags.split(" "), "1.tar.gz", "2.tar.gz"],
      );
      const name = /output=(.)/.exec(flags)![1]!;
      assertEquals(await getXattrs(path(name)), {
        [path(name)]: value === undefined ? {} : { "user.a": value },
      });
    }
  },
});

Deno.test({
  name:
    "layer unpack tells which attributes it left out, and fails with --xattrs",
  ignore,
  async fn() {
    await using box = await openSandbox();
    await box.write("v1/file", "x");
    await setXattrs({ [`${box.folder}/v1/file`]: { "user.a": "00ff" } });
    await box.ok("layer", "pack", "--xattrs", "-o", "1.tar", "v1");
    const run = (...args: string[]) =>
      runProgram([
        ...[Deno.execPath(), "run", "--quiet", "--no-prompt"],
        ...["--allow-read", "--allow-write", "--allow-env", "--allow-sys"],
        CLI,
        ...["layer", ...args],
      ], { cwd: box.folder });
    const plain = await run("unpack", "-o", "out", "1.tar");
    assertEquals(plain.code, 0);
    assertEquals(
      plain.stderr,
      "Left out the extended attribute user.a: it cannot be set here\n",
    );
    assertEquals(await box.read("out/file"), "x");
    for (
      const args of [
        ["unpack", "--xattrs", "-o", "other", "1.tar"],
        ["pack", "--xattrs", "-o", "other", "v1"],
      ]
    ) {
      const { code, stderr } = await run(...args);
      assertEquals(code, 1);
      assertStringIncludes(stderr, "Cannot keep extended attributes");
      assertStringIncludes(stderr, "--allow-ffi");
      assertEquals(await box.exists("other"), false);
    }
  },
});

Deno.test("layer unpack takes only one word on extended attributes", async () => {
  await using box = await openSandbox();
  const { code, stderr } = await box.gantry(
    ["layer", "unpack", "--xattrs", "--ignore-xattrs", "-o", "x", "1.tar"],
  );
  assertEquals(code, 1);
  assertStringIncludes(stderr, "cannot be used at the same time");
});

Deno.test({
  name:
    "layer ls shows a sparse file in its size, and layer unpack keeps its holes",
  ignore: Deno.build.os !== "linux" || !found("tar"),
  async fn() {
    await using box = await openSandbox();
    const path = `${box.folder}/holes`;
    await Deno.writeTextFile(path, "start");
    await Deno.truncate(path, 5_000_000);
    const { code } = await runProgram(
      ["tar", "--format=pax", "--sparse", "-cf", "holes.tar", "holes"],
      { cwd: box.folder },
    );
    assertEquals(code, 0);
    assertStringIncludes(await box.ok("layer", "ls", "holes.tar"), " 5000000 ");
    const { entries } = JSON.parse(
      await box.ok("layer", "ls", "--format=json", "holes.tar"),
    );
    assertEquals([entries[0].size, entries[0].sparse], [5_000_000, true]);
    await box.ok("layer", "unpack", "-o", "out", "holes.tar");
    const { blocks, size } = await Deno.stat(`${box.folder}/out/holes`);
    assertEquals(size, 5_000_000);
    assertEquals(blocks! * 512 < 1_000_000, true);
    assertEquals(
      await Deno.readFile(`${box.folder}/out/holes`),
      await Deno.readFile(path),
    );
  },
});
