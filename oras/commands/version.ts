import config from "../../deno.json" with { type: "json" };
import type { Invocation } from "./_command.ts";

/** Prints the version of the program, of the runtime, and the platform. */
export async function run(invocation: Invocation): Promise<void> {
  const { args, console, flags, path } = invocation;
  if (args.length > 0) {
    console.err(
      `warning: \`${path}\` requires no argument, ${
        JSON.stringify(args.join(" "))
      } will be ignored`,
    );
  }
  const value = {
    version: config.version,
    denoVersion: Deno.version.deno,
    platform: `${Deno.build.os}/${goArchitecture()}`,
  };
  if (flags.given("format") || flags.given("template")) {
    // Not loaded by whoever asks for nothing but the version.
    const { readFormat } = await import("./_format.ts");
    const format = await readFormat(flags);
    format.print(console, value);
    if (!format.isText) return;
  }
  console.out(`Version:      ${value.version}`);
  console.out(`Deno version: ${value.denoVersion}`);
  console.out(`OS/Arch:      ${value.platform}`);
}

function goArchitecture(): string {
  return Deno.build.arch === "x86_64" ? "amd64" : "arm64";
}
