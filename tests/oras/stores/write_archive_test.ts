import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { writeArchive } from "@gantry/oci/oras/node";

const HOUR = 3_600_000;

Deno.test("writeArchive() removes what a killed writer of the same file left, and nothing else", async () => {
  const folder = await Deno.makeTempDir();
  const long = "x".repeat(90) + ".tar";
  const old = [
    ".gantry-0123456789ab-all.tar",
    `.gantry-0123456789ab-${long.slice(0, 64)}`,
  ];
  const kept = [
    // Of another file, somebody else's, and one that may still be written.
    ".gantry-0123456789ab-other.tar",
    ".gantry-x-all.tar",
    "0123456789ab-all.tar",
    ".gantry-ba9876543210-all.tar",
  ];
  for (const name of [...old, ...kept]) {
    const path = join(folder, name);
    await Deno.writeTextFile(path, "part");
    if (name.includes("ba9876543210")) continue;
    const time = new Date(Date.now() - 2 * HOUR);
    await Deno.utime(path, time, time);
  }
  await Deno.mkdir(join(folder, ".gantry-111111111111-all.tar"));
  for (const name of ["all.tar", long]) {
    await writeArchive(join(folder, name), new Blob(["whole"]).stream());
  }
  const names = (await Array.fromAsync(Deno.readDir(folder))).map((one) =>
    one.name
  );
  assertEquals(
    names.sort(),
    [...kept, "all.tar", long, ".gantry-111111111111-all.tar"].sort(),
  );
  await Deno.remove(folder, { recursive: true });
});
