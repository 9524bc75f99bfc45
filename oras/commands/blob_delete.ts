import { MediaTypes } from "../../image/media_type.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import { isNotFound } from "../store_error.ts";
import type { Invocation } from "./_command.ts";
import { confirm, requireForce } from "./_confirm.ts";
import { CommandError } from "./_errors.ts";
import { readFormat } from "./_format.ts";
import { findBlob } from "./_find_blob.ts";
import { describeLocation, readLocation, showLocation } from "./_location.ts";
import { openStore } from "./_open_store.ts";
import { descriptorBlock, printDescriptor } from "./render/descriptor.ts";

/** Deletes a blob. */
export async function run(invocation: Invocation): Promise<void> {
  const { args: [argument = ""], console, flags, signal } = invocation;
  requireForce(flags);
  const format = await readFormat(flags);
  const location = readLocation(invocation, argument, { needs: "digest" });
  const store = await openStore(invocation, location);
  const digest = location.digest!;
  let descriptor: Descriptor;
  try {
    descriptor = await findBlob(store, digest, signal);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    const shown = showLocation(location);
    if (!flags.bool("force")) {
      throw new CommandError(`${shown}: the specified blob does not exist`, {
        cause: error,
      });
    }
    const missing = { mediaType: MediaTypes.octetStream, digest, size: 0 };
    format.print(console, {
      ...descriptorBlock(location.name, missing),
      deleted: false,
    });
    if (format.isText) console.out(`Missing ${shown}`);
    return;
  }
  const isDry = flags.bool("dry-run");
  if (isDry) console.err(`Would delete ${describeLocation(location)}`);
  else {
    if (!await confirm(invocation, `the blob "${digest}"`)) return;
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
