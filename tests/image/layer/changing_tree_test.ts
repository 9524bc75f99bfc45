import { assert, assertRejects } from "@std/assert";
import { LayerError } from "@gantry/oci/image/layer";
import { tarChanges, tarDirectory } from "@gantry/oci/image/layer/node";
import { execFileSync } from "node:child_process";
import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { found } from "../../_support/programs.ts";
import { temporaryDirectory } from "./_directories.ts";

const MIB = 1024 * 1024;
const REASONS = [
  "expected it to stay, but it is gone or something else",
  // A pipe, which may be opened, gives nothing.
  "expected its size to stay, but it changed",
];

/** What takes the place of something, which is gone by then. */
const CHANGES: readonly (readonly [
  what: string,
  put: (place: string, elsewhere: string) => Promise<void> | void,
])[] = [
  ["nothing", () => {}],
  ["a link", (place, elsewhere) => symlink(elsewhere, place)],
  ["a directory", async (place) => void await mkdir(place)],
  ["a pipe", (place) => void execFileSync("mkfifo", [place])],
];

/** Packs a tree in which something is changed after it was looked at. */
async function packChanging(
  pack: typeof tarDirectory,
  place: string,
  put: (place: string, elsewhere: string) => Promise<void> | void,
): Promise<void> {
  await using work = await temporaryDirectory();
  const tree = `${work.path}/tree`;
  await mkdir(`${tree}/there`, { recursive: true });
  await mkdir(`${work.path}/elsewhere`);
  await writeFile(`${work.path}/elsewhere/secret`, "secret");
  // The first piece comes when all of the tree's top has been looked at.
  await writeFile(`${tree}/a`, new Uint8Array(2 * MIB));
  await writeFile(`${tree}/small`, "content");
  await writeFile(`${tree}/large`, new Uint8Array(MIB));
  const pieces = pack(tree);
  await pieces.next();
  await rm(`${tree}/${place}`, { recursive: true });
  await put(`${tree}/${place}`, `${work.path}/elsewhere`);
  const { message } = await assertRejects(async () => {
    while (!(await pieces.next()).done);
  }, LayerError);
  const [, reason] = message.split(`Cannot pack ${tree}/${place}: `);
  assert(REASONS.includes(reason ?? ""), message);
}

for (const pack of [tarDirectory, tarChanges]) {
  for (const [what, put] of CHANGES) {
    for (const place of ["small", "large", "there"]) {
      // One directory for another makes no difference to what is packed.
      if (place === "there" && what === "a directory") continue;
      Deno.test({
        name: `${pack.name}() refuses ${what} where it saw ${place}`,
        ignore: what === "a pipe" && !found("mkfifo"),
        fn: () => packChanging(pack, place, put),
      });
    }
  }
}
