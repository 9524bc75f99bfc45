import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ROOT } from "./imports.ts";

/**
 * What stands for Deno in the modules of the bundle, and nowhere else: the library
 * looks for the global, and must not find one where there is none.
 */
const STAND_IN =
  `const Deno = globalThis[Symbol.for("gantry.tests")] ??= { defined: [],
  test(...test) { this.defined.push(test); } };
`;

/** The module of a bundle that exports `probe()`. */
export const ENTRY = "probe.js";

/**
 * Bundles files of tests as they are into modules, of which {@linkcode ENTRY} exports
 * `probe()`: it runs them, and gives a {@linkcode TestReport}. What the library
 * imports at the point of use is a module of its own, as bundlers make it.
 */
export async function bundleTests(
  paths: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const url = (path: string): string =>
    JSON.stringify(String(new URL(path, ROOT)));
  const files = paths.map((path) =>
    `  ${JSON.stringify(path)}: () => import(${url(path)}),\n`
  );
  const entry = `import { runTests } from ${url("tests/_support/run_tests.ts")};
const files = {
${files.join("")}};
export const probe = () => runTests(files, Deno.defined);
`;
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, ENTRY);
    await Deno.writeTextFile(path, entry);
    const outdir = join(folder, "out");
    await split(path, outdir);
    const modules = new Map<string, string>();
    for await (const { name } of Deno.readDir(outdir)) {
      const text = await Deno.readTextFile(join(outdir, name));
      const asks = /\bDeno\.(?:test|defined)\b/.test(text);
      modules.set(name, asks ? STAND_IN + text : text);
    }
    return modules;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function split(entry: string, outdir: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "bundle",
      "--platform=browser",
      "--code-splitting",
      `--outdir=${outdir}`,
      entry,
    ],
    cwd: fileURLToPath(ROOT),
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "null",
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}
