import { Reference } from "../../distribution/reference.ts";
import type { Invocation } from "./_command.ts";
import { CommandError } from "./_errors.ts";
import { usageLine } from "./help.ts";

/**
 * Reads the reference of an existing manifest.
 *
 * @throws {CommandError} It has neither tag nor digest.
 */
export function readTarget(invocation: Invocation): Reference {
  const { args: [text = ""], command, path } = invocation;
  const reference = Reference.parse(text);
  if (reference.target !== undefined) return reference;
  throw new CommandError(
    `${JSON.stringify(text)}: no tag or digest specified`,
    {
      usage: usageLine(command, path),
      hint:
        `Please specify a reference in the form of "<name>:<tag>" or "<name>@<digest>". Run "${path} -h" for more options and examples`,
    },
  );
}
