import type { Invocation } from "./_command.ts";
import { UsageError } from "./_errors.ts";
import { findBlob } from "./_find_blob.ts";
import { readFormat } from "./_format.ts";
import { readLocation } from "./_location.ts";
import { openSource } from "./_open_store.ts";
import { printable } from "./_printable.ts";
import { saveBlob } from "./_save_blob.ts";
import { writeToStdout } from "./_stdout.ts";
import { descriptorBlock, printDescriptor } from "./render/descriptor.ts";

/** Prints or saves a blob, or its descriptor. */
export async function run(invocation: Invocation): Promise<void> {
  const { args: [argument = ""], console, flags, signal } = invocation;
  const format = await readFormat(flags);
  const output = flags.text("output");
  const wantsDescriptor = flags.bool("descriptor");
  if (output === "" && !wantsDescriptor) {
    throw new UsageError(
      "either `--output` or `--descriptor` must be provided",
    );
  }
  if (output === "-" && wantsDescriptor) {
    throw new UsageError(
      "`--output -` cannot be used with `--descriptor` at the same time",
    );
  }
  const location = readLocation(invocation, argument);
  const { digest } = location;
  if (digest === undefined) {
    throw new UsageError(
      `${
        JSON.stringify(argument)
      }: blob reference must be of the form <name@digest>`,
    );
  }
  const store = await openSource(invocation, location);
  const descriptor = await findBlob(store, digest, signal);
  if (output === "-") {
    await writeToStdout(await store.fetch(descriptor, { signal }), signal);
  } else if (output !== "" && flags.bool("dry-run")) {
    console.err(`Would write ${printable(output)}`);
  } else if (output !== "") {
    await saveBlob(invocation, store, { path: output, descriptor });
  }
  if (!format.isText) {
    format.print(console, descriptorBlock(location.name, descriptor));
  } else if (wantsDescriptor) printDescriptor(invocation, descriptor);
}
