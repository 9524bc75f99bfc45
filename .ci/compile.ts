// deno-lint-ignore-file no-console
/**
 * Makes the single binary `.bin/gantry`, and says so plainly where the runtime
 * that goes into it cannot be downloaded.
 *
 * With `--graph FILE` it only embeds the module graph, with this Deno itself in
 * the runtime's place: FILE shows that the graph is complete, and is not the
 * program.
 */
import { readProject, ROOT } from "./_project.ts";

async function compile(output: string, runtime?: string): Promise<boolean> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["compile", "--quiet", "-A", "--output", output, "cli.ts"],
    cwd: ROOT,
    env: runtime === undefined ? {} : { DENORT_BIN: runtime },
  }).spawn();
  return (await child.status).success;
}

async function embed(output: string): Promise<boolean> {
  return await compile(output, Deno.execPath());
}

async function main(args: string[]): Promise<number> {
  if (args[0] === "--graph" && args[1] !== undefined) {
    return await embed(args[1]) ? 0 : 1;
  }
  const output = `${ROOT}.bin/gantry`;
  if (await compile(output)) {
    const { version } = await readProject();
    console.log(`Made .bin/gantry, version ${version}`);
    return 0;
  }
  const folder = await Deno.makeTempDir({ prefix: "gantry-compile-" });
  try {
    if (await embed(`${folder}/graph`)) {
      console.error(
        "No .bin/gantry was made: the runtime that goes into it could not " +
          "be downloaded. The program itself is complete: its module graph " +
          "embeds. Set DENORT_BIN to a denort of the same version, or try " +
          "again where the network has it.",
      );
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  return 1;
}

Deno.exitCode = await main(Deno.args);
