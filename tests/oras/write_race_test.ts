import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { PathError } from "@gantry/oci/oras";
import { writeVerifiedFile } from "@gantry/oci/oras/node";

Deno.test("writeVerifiedFile() without overwriting keeps a file that came into being meanwhile", async () => {
  const folder = await Deno.makeTempDir();
  const path = join(folder, "file");
  // Looking before renaming is too early: only the last step may decide.
  const writers = Array.from(
    { length: 8 },
    (_, index) =>
      writeVerifiedFile(path, new Blob([`writer ${index}`]).stream(), {
        overwrite: false,
      }).then(() => `writer ${index}`),
  );
  const results = await Promise.allSettled(writers);
  const winners = results.filter(({ status }) => status === "fulfilled");
  assertEquals(winners.length, 1);
  assertEquals(
    await Deno.readTextFile(path),
    (winners[0] as PromiseFulfilledResult<string>).value,
  );
  for (const result of results) {
    if (result.status === "rejected") {
      assertEquals((result.reason as PathError).code, "PATH_EXISTS");
    }
  }
  const error = await assertRejects(
    () =>
      writeVerifiedFile(path, new Blob(["x"]).stream(), { overwrite: false }),
    PathError,
  );
  assertEquals(error.code, "PATH_EXISTS");
  assertEquals(
    await Array.fromAsync(Deno.readDir(folder), ({ name }) => name),
    ["file"],
  );
  await Deno.remove(folder, { recursive: true });
});
