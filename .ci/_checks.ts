import { deno, listFiles, readProject, ROOT } from "./_project.ts";

/** Something that holds or does not. */
export interface Check {
  /** What holds. */
  name: string;
  /** Finds what is wrong; nothing where all is right. */
  run(): Promise<string[]>;
}

/** All checks that CI makes beside the tests. */
export const CHECKS: readonly Check[] = [
  command("Files are formatted", ["fmt", "--check"]),
  command("Lint finds nothing", ["lint"]),
  command("Types are right, and the lock file is complete", [
    "check",
    "--frozen",
  ]),
  command("Every export has its docs", ["run", "-A", ".ci/docs.ts"]),
  command("The package can be published", [
    "publish",
    "--dry-run",
    "--allow-dirty",
    "--quiet",
  ]),
  { name: "The lock file names no host", run: lockHosts },
  { name: "The top level holds what it should", run: topLevel },
  { name: "Files name no place that only some people reach", run: places },
];

function command(name: string, args: string[]): Check {
  return {
    name,
    async run() {
      const code = await deno(args);
      return code === 0 ? [] : [`deno ${args.join(" ")}: exit code ${code}`];
    },
  };
}

async function lockHosts(): Promise<string[]> {
  const lines = (await Deno.readTextFile(`${ROOT}/deno.lock`)).split("\n");
  return lines.filter((line) => /"tarball"|:\/\//.test(line));
}

const TOP_LEVEL: ReadonlySet<string> = new Set([
  "CHANGELOG.md",
  "LICENSE",
  "README.md",
  "cli.ts",
  "deno.json",
  "deno.lock",
  "digest",
  "distribution",
  "image",
  "mod.ts",
  "oras",
  "tests",
]);

async function topLevel(): Promise<string[]> {
  const wrong: string[] = [];
  const names = new Set<string>();
  for await (const { name } of Deno.readDir(ROOT)) {
    names.add(name);
    if (!name.startsWith(".") && !TOP_LEVEL.has(name)) {
      wrong.push(`${name} does not belong there`);
    }
  }
  for (const name of TOP_LEVEL) {
    if (!names.has(name)) wrong.push(`${name} is missing`);
  }
  return wrong;
}

/** Hosts of package registries, and folders outside the project. */
const PLACES =
  /registry\.npmjs|\bnpm\.jsr|\bjsr\.io\b|deb\.debian|dl\.deno|(?<![\w}])\/work\/|\.\.\/shared\b/;

async function places(): Promise<string[]> {
  const found: string[] = [];
  const skip = new Set([".git", ".bin", "node_modules"]);
  for (const path of await listFiles(ROOT, skip)) {
    const lines = (await Deno.readTextFile(`${ROOT}/${path}`)).split("\n");
    lines.forEach((line, index) => {
      if (PLACES.test(line)) found.push(`${path}:${index + 1}: ${line.trim()}`);
    });
  }
  return found;
}

/** The package's name and version, for the first line of a report. */
export async function title(): Promise<string> {
  const { name, version } = await readProject();
  return `${name} ${version}`;
}
