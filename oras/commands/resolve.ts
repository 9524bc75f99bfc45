import { BaseRegistry } from "../base_registry.ts";
import type { Invocation } from "./_command.ts";
import { readPlatform } from "./_platform.ts";
import { remoteOptions } from "./_remote.ts";
import { readTarget } from "./_target.ts";

/** Prints the digest that a reference stands for. */
export async function run(invocation: Invocation): Promise<void> {
  const { console, flags } = invocation;
  const reference = readTarget(invocation);
  const platform = readPlatform(flags.text("platform"));
  const registry = new BaseRegistry({
    ...await remoteOptions(invocation, reference.registry),
    defaultTag: "",
  });
  const { signal } = invocation;
  const { digest } = platform === undefined
    ? await registry.resolve(reference, { signal })
    : (await registry.getManifest(reference, { platform, signal })).descriptor;
  console.out(
    flags.bool("full-reference") ? `${reference.name}@${digest}` : digest,
  );
}
