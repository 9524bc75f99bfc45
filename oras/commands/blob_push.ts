import { MediaTypes } from "../../image/media_type.ts";
import type { Invocation } from "./_command.ts";
import { CommandError, UsageError } from "./_errors.ts";
import { readFormat } from "./_format.ts";
import { describeLocation, readLocation } from "./_location.ts";
import { openLocalSource } from "./_local_source.ts";
import { openStore } from "./_open_store.ts";
import { descriptorBlock, printDescriptor } from "./render/descriptor.ts";
import { watchTransfers } from "./render/transfers.ts";

/** Pushes a file as a blob. */
export async function run(invocation: Invocation): Promise<void> {
  const { args: [argument = "", path = ""], console, flags, signal } =
    invocation;
  const format = await readFormat(flags);
  const location = readLocation(invocation, argument);
  if (location.tag !== undefined) {
    throw new UsageError(`${JSON.stringify(argument)}: a blob has no tag`, {
      hint: 'Please specify it in the form of "<name>[@<digest>]"',
    });
  }
  const isQuiet = !format.isText || flags.bool("descriptor");
  await using local = await openLocalSource(path, signal);
  const { digest, size, source } = local;
  checkSize(flags.int("size"), size);
  if (location.digest !== undefined && location.digest !== String(digest)) {
    throw new CommandError(
      `digest mismatch: expected ${location.digest}, but ${path} has ${digest}`,
    );
  }
  const mediaType = flags.text("media-type") || MediaTypes.layer;
  const descriptor = { mediaType, digest: String(digest), size };
  if (flags.bool("dry-run")) {
    console.err(`Would push ${digest} to ${describeLocation(location)}`);
  } else {
    const store = await openStore(invocation, location);
    using view = watchTransfers(invocation, { lines: isQuiet ? undefined : 9 });
    await store.push(descriptor, source, {
      onProgress: view.onProgress,
      signal,
    });
  }
  if (flags.bool("descriptor")) return printDescriptor(invocation, descriptor);
  format.print(console, descriptorBlock(location.name, descriptor));
  if (!format.isText || flags.bool("dry-run")) return;
  console.out(`Pushed: ${describeLocation(location)}`);
  console.out(`Digest: ${digest}`);
}

function checkSize(expected: number, actual: number): void {
  if (expected < 0 || expected === actual) return;
  throw new CommandError(
    `input size ${expected} does not match the actual content size ${actual}`,
  );
}
