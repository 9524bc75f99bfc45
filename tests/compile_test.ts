import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { ROOT } from "./_support/imports.ts";

Deno.test("deno task compile embeds every module of the command", async () => {
  const folder = await Deno.makeTempDir({ prefix: "gantry-compile-" });
  try {
    const output = `${folder}/graph`;
    const child = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", ".ci/compile.ts", "--graph", output],
      cwd: fileURLToPath(ROOT),
      stderr: "inherit",
    }).output();
    assertEquals(child.code, 0);
    const embedded = await tail(output);
    for await (const { name } of Deno.readDir(new URL("oras/commands", ROOT))) {
      if (!name.endsWith(".ts")) continue;
      assert(embedded.includes(name), `${name} is not in the binary`);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** What was appended to the runtime, as text. */
async function tail(path: string): Promise<string> {
  const { size } = await Deno.stat(Deno.execPath());
  using file = await Deno.open(path);
  await file.seek(size, Deno.SeekMode.Start);
  return await new Response(file.readable).text();
}
