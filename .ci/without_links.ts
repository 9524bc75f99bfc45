/**
 * Runs a command in a copy of the project that takes `@std` from JSR:
 * `deno run -A .ci/without_links.ts deno publish`.
 */
import { stageWithoutLinks } from "./_stage.ts";

const [program, ...args] = Deno.args;
if (program === undefined) {
  throw new TypeError("Cannot run a command: none was given");
}
const folder = await Deno.makeTempDir({ prefix: "gantry-without-links-" });
try {
  await stageWithoutLinks(folder);
  const child = new Deno.Command(
    program === "deno" ? Deno.execPath() : program,
    { args, cwd: folder },
  ).spawn();
  Deno.exitCode = (await child.status).code;
} finally {
  await Deno.remove(folder, { recursive: true });
}
