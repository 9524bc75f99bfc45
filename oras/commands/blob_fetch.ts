import { BaseRegistry } from "../base_registry.ts";
import type { Invocation } from "./_command.ts";
import { UsageError } from "./_errors.ts";
import { remoteOptions } from "./_remote.ts";
import { writeToStdout } from "./_stdout.ts";
import { readReference } from "./_target.ts";
import { printDescriptor } from "./render/descriptor.ts";
import { watchTransfers } from "./render/transfers.ts";

/** Prints or saves a blob, or its descriptor. */
export async function run(invocation: Invocation): Promise<void> {
  const { args: [target = ""], flags } = invocation;
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
  const reference = readReference(target);
  const { digest } = reference;
  if (digest === undefined) {
    throw new UsageError(
      `${
        JSON.stringify(target)
      }: blob reference must be of the form <name@digest>`,
    );
  }
  const registry = new BaseRegistry({
    ...await remoteOptions(invocation, reference.registry),
    defaultTag: "",
  });
  const { signal } = invocation;
  const { blobs } = registry.repository(reference);
  const descriptor = await blobs.head(digest, { signal });
  if (output === "-") {
    await writeToStdout(await blobs.get(descriptor, { signal }), signal);
  } else if (output !== "") {
    using view = watchTransfers(invocation);
    await registry.downloadBlob(reference, descriptor, {
      path: output,
      onProgress: view.onProgress,
      signal,
    });
  }
  if (wantsDescriptor) printDescriptor(invocation, descriptor);
}
