import type { Invocation } from "./_command.ts";
import { CommandError } from "./_errors.ts";
import { packToFile } from "./_local_layer.ts";
import { usageLine } from "./help.ts";

/** Packs a directory into a layer. */
export async function run(invocation: Invocation): Promise<void> {
  const { args: [directory = "."], command, flags, path } = invocation;
  if (flags.text("output") === "") {
    throw new CommandError("no file given for the layer", {
      usage: usageLine(command, path),
      hint: "Name it with --output, or write to stdout with --output -",
    });
  }
  await packToFile(invocation, directory, undefined);
}
