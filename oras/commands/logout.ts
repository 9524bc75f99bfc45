import { parseRegistryName } from "../../distribution/reference.ts";
import type { Invocation } from "./_command.ts";
import { openCredentialFiles } from "./_credential_files.ts";
import { readFormat } from "./_format.ts";

/** Removes the credential of a registry; that there is none is no failure. */
export async function run(invocation: Invocation): Promise<void> {
  const { args: [name = ""], console, flags, signal } = invocation;
  const format = await readFormat(flags);
  const registry = parseRegistryName(name);
  if (flags.bool("dry-run")) {
    console.err(`Would forget the credential of ${registry}`);
  } else {
    const store = await openCredentialFiles(flags);
    await store.delete(registry, { signal });
  }
  format.print(console, { registry });
}
