import type { Invocation } from "./_command.ts";
import { findBlob } from "./_find_blob.ts";
import { readFormat } from "./_format.ts";
import { readLocation } from "./_location.ts";
import { openReader } from "./_open_store.ts";
import { descriptorBlock } from "./render/descriptor.ts";

/** Tells whether there is a blob, and how large it is. */
export async function run(invocation: Invocation): Promise<void> {
  const { args: [argument = ""], console, flags, signal } = invocation;
  const format = await readFormat(flags);
  const location = readLocation(invocation, argument, { needs: "digest" });
  const store = await openReader(invocation, location);
  const descriptor = await findBlob(store, location.digest!, signal);
  format.print(console, descriptorBlock(location.name, descriptor));
  if (!format.isText) return;
  console.out(`Digest: ${descriptor.digest}`);
  console.out(`Size:   ${descriptor.size}`);
}
