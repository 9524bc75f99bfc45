import { parseRegistryName } from "../../distribution/reference.ts";
import type { Invocation } from "./_command.ts";
import { openCredentialFiles } from "./_credential_files.ts";

/** Removes the credential of a registry; that there is none is no failure. */
export async function run(invocation: Invocation): Promise<void> {
  const { args: [name = ""], flags, signal } = invocation;
  const store = await openCredentialFiles(flags);
  await store.delete(parseRegistryName(name), { signal });
}
