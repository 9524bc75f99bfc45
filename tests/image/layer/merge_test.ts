import { assertEquals, assertThrows } from "@std/assert";
import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { mergeTree } from "../../../image/layer/node/_merge.ts";
import { temporaryDirectory, tree } from "./_directories.ts";

Deno.test("mergeTree() undoes its moves when one of them fails", async () => {
  await using work = await temporaryDirectory();
  const { path } = work;
  await mkdir(`${path}/from/new`, { recursive: true });
  await mkdir(`${path}/into`);
  await mkdir(`${path}/backup`);
  for (const name of ["a", "b", "z"]) {
    await writeFile(`${path}/from/${name}`, "theirs");
  }
  await writeFile(`${path}/from/new/x`, "theirs");
  await writeFile(`${path}/into/a`, "mine");
  await symlink("a", `${path}/into/b`);
  await writeFile(`${path}/into/z`, "mine");
  const before = await tree(`${path}/into`);
  // The copy of the last one has no place to go to.
  await mkdir(`${path}/backup/3/full`, { recursive: true });
  assertThrows(() =>
    mergeTree({
      from: `${path}/from`,
      into: `${path}/into`,
      backup: `${path}/backup`,
      keepExisting: false,
    })
  );
  assertEquals(await tree(`${path}/into`), before);
  await rm(`${path}/backup/3`, { recursive: true });
});
