import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { LayerError, readTar } from "@gantry/oci/image/layer";
import {
  applyLayer,
  applyLayers,
  diffDirectories,
  packLayer,
  type PackLayerOptions,
} from "@gantry/oci/image/layer/node";
import {
  chmod,
  cp,
  link,
  mkdir,
  rm,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { execFileSync } from "node:child_process";
import { temporaryDirectory } from "./_directories.ts";
import { describe, mutate, random, settle } from "./_random_tree.ts";

Deno.test("applyLayers() of diffDirectories() gives the second tree", async (t) => {
  for (let seed = 1; seed <= 60; seed++) {
    await t.step(`seed ${seed}`, async () => {
      await using work = await temporaryDirectory();
      const [a, b, c] = ["a", "b", "c"].map((name) => `${work.path}/${name}`);
      const next = random(seed);
      await mkdir(a!);
      mutate(a!, next, 25);
      settle(a!, next);
      execFileSync("cp", ["-a", a!, b!]);
      mutate(b!, next, 15);
      settle(b!, next);

      const pack = { compression: "none" } as const;
      const result = await applyLayers([
        { open: () => packLayer(a!, pack).stream },
        { open: () => diffDirectories(a!, b!, pack).stream },
      ], c!);
      assertEquals(describe(c!), describe(b!));
      assertEquals(result.layers.length, 2);

      // The same onto what is there already, and back.
      await applyLayer(
        { open: () => diffDirectories(b!, a!, pack).stream },
        c!,
      );
      assertEquals(describe(c!), describe(a!));
    });
  }
});

/** The names and kinds in a layer, `name -> target` for links. */
async function listOf(
  directory: string,
  options: PackLayerOptions = {},
): Promise<string[]> {
  const { stream } = packLayer(directory, { ...options, compression: "none" });
  return await Array.fromAsync(
    readTar(stream),
    ({ header: { name, type, linkname } }) =>
      linkname === "" ? name : `${name} ${type} ${linkname}`,
  );
}

Deno.test("packLayer() lists a tree in order, with links and without the root", async () => {
  await using work = await temporaryDirectory();
  const tree = `${work.path}/tree`;
  await mkdir(`${tree}/b/c`, { recursive: true });
  await writeFile(`${tree}/b/file`, "x");
  await writeFile(`${tree}/b-`, "x");
  await link(`${tree}/b/file`, `${tree}/linked`);
  await symlink("b", `${tree}/a`);
  assertEquals(
    await listOf(tree),
    [
      "a symlink b",
      "b/",
      "b/c/",
      "b/file",
      "b-",
      "linked link b/file",
    ],
  );
  assertEquals(
    (await listOf(tree, { hardLinks: "copy" })).at(-1),
    "linked",
  );
});

Deno.test("packLayer() with a base lists changes below their directories, what is gone first", async () => {
  await using work = await temporaryDirectory();
  const [a, b] = [`${work.path}/a`, `${work.path}/b`];
  await mkdir(`${a}/deep/deeper`, { recursive: true });
  await mkdir(`${a}/same`);
  for (
    const name of ["deep/deeper/old", "deep/deeper/kept", "same/file", "z"]
  ) {
    await writeFile(`${a}/${name}`, name);
  }
  execFileSync("cp", ["-a", a, b]);
  await rm(`${b}/deep/deeper/old`);
  await writeFile(`${b}/deep/deeper/-new`, "x");
  await rm(`${b}/z`);
  await mkdir(`${b}/z`);
  assertEquals(await listOf(b, { base: a }), [
    "deep/",
    "deep/deeper/",
    "deep/deeper/.wh.old",
    "deep/deeper/-new",
    "z/",
  ]);
  assertEquals(await listOf(b, { base: b }), []);
});

Deno.test("packLayer() sees content that changed with the same size and time", async () => {
  await using work = await temporaryDirectory();
  const [a, b] = [`${work.path}/a`, `${work.path}/b`];
  for (const [tree, text] of [[a, "one"], [b, "two"]]) {
    await mkdir(tree!);
    await writeFile(`${tree}/file`, text!);
    await utimes(`${tree}/file`, 1_600_000_000, 1_600_000_000);
  }
  assertEquals(await listOf(b, { base: a }), ["file"]);
});

Deno.test("packLayer() leaves times out of account when they are fixed", async () => {
  await using work = await temporaryDirectory();
  const [a, b] = [`${work.path}/a`, `${work.path}/b`];
  for (
    const [tree, time] of [[a, 1_500_000_000], [b, 1_600_000_000]] as const
  ) {
    await mkdir(tree);
    await writeFile(`${tree}/file`, "same");
    await utimes(`${tree}/file`, time, time);
  }
  assertEquals(await listOf(b, { base: a }), ["file"]);
  assertEquals(await listOf(b, { base: a, mtime: new Date(0) }), []);
  const clampTo = new Date(1_400_000_000_000);
  assertEquals(await listOf(b, { base: a, mtime: { clampTo } }), []);
});

Deno.test("packLayer() gives the same DiffID of the same tree, and its owners if asked", async () => {
  await using work = await temporaryDirectory();
  const tree = `${work.path}/tree`;
  await mkdir(`${tree}/etc`, { recursive: true });
  await writeFile(`${tree}/etc/${"ü".repeat(90)}`, "x");
  await chmod(`${tree}/etc`, 0o750);
  await cp(tree, `${work.path}/copy`, { recursive: true });
  const digests = [];
  for (const path of [tree, `${work.path}/copy`]) {
    const { stream, result } = packLayer(path, { mtime: new Date(0) });
    await stream.pipeTo(new WritableStream());
    digests.push(await result);
  }
  assertEquals(digests[0]!.digest, digests[1]!.digest);
  assertNotEquals(digests[0]!.digest, digests[0]!.diffId);

  const { stream } = packLayer(tree, { owners: "keep", compression: "none" });
  for await (const { header } of readTar(stream)) {
    assertEquals(header.uid, Deno.uid());
    assertEquals(header.gid, Deno.gid());
  }
});

Deno.test("packLayer() refuses names of whiteouts", async () => {
  await using work = await temporaryDirectory();
  await writeFile(`${work.path}/.wh.x`, "");
  const error = await assertRejects(() => listOf(work.path), LayerError);
  assertEquals(error.code, "LAYER_SOURCE");
});
