import type { Descriptor } from "../../image/descriptor.ts";
import { isNotFound } from "../store_error.ts";
import type { Invocation } from "./_command.ts";
import { confirm, requireForce } from "./_confirm.ts";
import { CommandError } from "./_errors.ts";
import { readFormat } from "./_format.ts";
import { describeLocation, readLocation, showLocation } from "./_location.ts";
import { openStore } from "./_open_store.ts";
import { descriptorBlock, printDescriptor } from "./render/descriptor.ts";

/** Deletes a manifest, with all tags that point at it. */
export async function run(invocation: Invocation): Promise<void> {
  const { args: [argument = ""], console, flags, signal } = invocation;
  requireForce(flags);
  const format = await readFormat(flags);
  const location = readLocation(invocation, argument, {
    needs: "tag-or-digest",
  });
  const store = await openStore(invocation, location);
  let descriptor: Descriptor;
  try {
    descriptor = await store.resolve(location.target!, { signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    const shown = showLocation(location);
    if (!flags.bool("force")) {
      throw new CommandError(
        `${shown}: the specified manifest does not exist`,
        {
          cause: error,
        },
      );
    }
    format.print(console, { reference: shown, deleted: false });
    if (format.isText) console.out(`Missing ${shown}`);
    return;
  }
  const isDry = flags.bool("dry-run");
  const { digest } = descriptor;
  if (isDry) {
    console.err(`Would delete ${describeLocation(location, digest)}`);
  } else {
    const what = `the manifest "${digest}" and all tags associated with it`;
    if (!await confirm(invocation, what)) return;
    await store.delete(descriptor, { signal });
  }
  if (flags.bool("descriptor")) return printDescriptor(invocation, descriptor);
  format.print(console, {
    ...descriptorBlock(location.name, descriptor),
    deleted: !isDry,
  });
  if (format.isText && !isDry) {
    console.out(`Deleted ${describeLocation(location)}`);
  }
}
