// deno-lint-ignore-file no-console
/**
 * The main job from end to end, as `deno task demo` runs it: an embedded
 * registry is started, files and a directory are pushed to it over HTTP and
 * pulled into a fresh folder, and what came back is compared byte for byte.
 *
 * Each step is shown as the command that a user types, with what it answered.
 * The exit code is 0 only if all of it matched.
 */
import { join } from "node:path";
import { compareTrees } from "./_support/compare_trees.ts";
import { type Gantry, startGantry } from "./_support/gantry.ts";

const PIECES = ["notes.txt", "data.bin", "site"];

async function main(): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "gantry-demo-" });
  try {
    const source = join(folder, "source");
    await makeFiles(source);
    const target = join(folder, "target");
    await Deno.mkdir(target);

    console.log(`Files to push, in ${source}:`);
    for (const line of await describe(source)) console.log(`  ${line}`);

    await using gantry = await startGantry(["serve", "--listen=127.0.0.1:0"]);
    show("gantry serve --listen 127.0.0.1:0", gantry.firstLine);
    const repository = `${gantry.host}/demo/files`;

    await step(gantry, source, [
      "push",
      "--plain-http",
      `${repository}:v1`,
      "notes.txt:text/plain",
      "data.bin:application/octet-stream",
      "site",
    ]);
    await step(gantry, source, [
      "repo",
      "tags",
      "--plain-http",
      repository,
    ], "v1");
    await step(gantry, source, [
      "manifest",
      "fetch",
      "--plain-http",
      "--pretty",
      `${repository}:v1`,
    ]);
    await step(gantry, target, ["pull", "--plain-http", `${repository}:v1`]);

    console.log(`\nComparing ${source} and ${target}`);
    const differences = await compareTrees(source, target, PIECES);
    for (const difference of differences) console.log(`  ${difference}`);
    if (differences.length > 0) throw new Error("What came back differs");
    for (const line of await describe(target)) console.log(`  ${line}  same`);
    console.log("\nEverything came back byte for byte.");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Runs one command in a folder, and shows it with what it answered. */
async function step(
  gantry: Gantry,
  cwd: string,
  args: string[],
  expected?: string,
): Promise<void> {
  const { code, stdout, stderr } = await gantry.run(args, { cwd });
  show(`gantry ${args.join(" ")}`, `${stdout}${stderr}`.trimEnd());
  if (code !== 0) throw new Error(`gantry ${args[0]} ended with ${code}`);
  if (expected !== undefined && stdout.trim() !== expected) {
    throw new Error(`gantry ${args[0]} should have answered ${expected}`);
  }
}

function show(command: string, answer: string): void {
  console.log(`\n$ ${command}\n${answer}`);
}

async function makeFiles(folder: string): Promise<void> {
  await Deno.mkdir(join(folder, "site", "images", "empty"), {
    recursive: true,
  });
  const write = (path: string, data: string | Uint8Array): Promise<void> =>
    typeof data === "string"
      ? Deno.writeTextFile(join(folder, path), data)
      : Deno.writeFile(join(folder, path), data);
  await write("notes.txt", "A gantry crane lifts containers.\n");
  await write("data.bin", randomBytes(5_000_000));
  await write("site/index.html", "<!doctype html><title>Quay</title>\n");
  await write("site/images/crane.bin", randomBytes(70_000));
  await write("site/images/größe 1.txt", "");
  await write("site/build.sh", "#!/bin/sh\necho built\n");
  if (Deno.build.os !== "windows") {
    await Deno.chmod(join(folder, "site/build.sh"), 0o755);
    await Deno.symlink("index.html", join(folder, "site/home.html"));
  }
}

function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  }
  return bytes;
}

/** Lists what is below a folder, one line each. */
async function describe(folder: string, path = ""): Promise<string[]> {
  const lines: string[] = [];
  for await (const entry of Deno.readDir(join(folder, path))) {
    const name = path === "" ? entry.name : `${path}/${entry.name}`;
    const { size } = await Deno.lstat(join(folder, name));
    if (entry.isDirectory) {
      lines.push(`${name}/`, ...await describe(folder, name));
    } else if (entry.isSymlink) {
      lines.push(`${name} -> ${await Deno.readLink(join(folder, name))}`);
    } else {
      lines.push(`${name}  ${size} bytes`);
    }
  }
  return lines.sort();
}

await main().catch((error: unknown) => {
  console.error(error instanceof Error ? `Error: ${error.message}` : error);
  Deno.exitCode = 1;
});
