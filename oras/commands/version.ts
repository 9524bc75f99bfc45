import config from "../../deno.json" with { type: "json" };
import type { Invocation } from "./_command.ts";

/** Prints the version of the program, of the runtime, and the platform. */
export function run({ args, path, console }: Invocation): Promise<void> {
  if (args.length > 0) {
    console.err(
      `warning: \`${path}\` requires no argument, ${
        JSON.stringify(args.join(" "))
      } will be ignored`,
    );
  }
  console.out(`Version:      ${config.version}`);
  console.out(`Deno version: ${Deno.version.deno}`);
  console.out(`OS/Arch:      ${Deno.build.os}/${goArchitecture()}`);
  return Promise.resolve();
}

function goArchitecture(): string {
  return Deno.build.arch === "x86_64" ? "amd64" : "arm64";
}
