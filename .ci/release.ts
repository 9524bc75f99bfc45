// deno-lint-ignore-file no-console
/**
 * Makes the binaries of a release in `.bin/release`, one for each target that is
 * named, or for all, with their checksums beside them in `SHA256SUMS`.
 */
import { deno, readProject, ROOT } from "./_project.ts";

const TARGETS: readonly string[] = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
];

const FOLDER = `${ROOT}.bin/release`;

async function main(args: readonly string[]): Promise<number> {
  const unknown = args.filter((target) => !TARGETS.includes(target));
  if (unknown.length > 0) {
    console.error(`No target is called ${unknown.join(", ")}`);
    return 1;
  }
  const { version } = await readProject();
  await Deno.mkdir(FOLDER, { recursive: true });
  const sums: string[] = [];
  for (const target of args.length > 0 ? args : TARGETS) {
    const suffix = target.includes("windows") ? ".exe" : "";
    const name = `gantry-${version}-${target}${suffix}`;
    const output = `${FOLDER}/${name}`;
    const line = ["compile", "--quiet", "-A", "--target", target];
    const code = await deno([...line, "--output", output, "cli.ts"]);
    if (code !== 0) return code;
    sums.push(`${await sha256(output)}  ${name}\n`);
    console.log(`Made .bin/release/${name}`);
  }
  await Deno.writeTextFile(`${FOLDER}/SHA256SUMS`, sums.join(""));
  return 0;
}

async function sha256(path: string): Promise<string> {
  const digest = await crypto.subtle.digest(
    "SHA-256",
    await Deno.readFile(path),
  );
  return new Uint8Array(digest).toHex();
}

Deno.exitCode = await main(Deno.args);
