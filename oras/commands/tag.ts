import { forEachConcurrent } from "../_pool.ts";
import { BaseRegistry } from "../base_registry.ts";
import type { Invocation } from "./_command.ts";
import { readConcurrency } from "./_concurrency.ts";
import { CommandError } from "./_errors.ts";
import { remoteOptions } from "./_remote.ts";
import { readTarget } from "./_target.ts";
import { usageLine } from "./help.ts";

/** Gives a manifest more tags. */
export async function run(invocation: Invocation): Promise<void> {
  const { args: [first, ...tags], command, console, flags, path } = invocation;
  const usage = usageLine(command, path);
  if (first === "list" || first === "ls") {
    throw new CommandError(
      `there is no "list" sub-command for "${path}" command`,
      {
        usage,
        hint:
          'If you want to list available tags in a repository, use "gantry repo tags"',
      },
    );
  }
  const reference = readTarget(invocation);
  if (tags.length === 0) {
    throw new CommandError(`no new tag given for ${reference}`, {
      usage,
      hint: `Run "${path} -h" for more options and examples`,
    });
  }
  // Checks each tag.
  for (const tag of tags) reference.withTag(tag);
  const registry = new BaseRegistry({
    ...await remoteOptions(invocation, reference.registry),
    defaultTag: "",
  });
  const { signal } = invocation;
  const { bytes, descriptor } = await registry.getManifest(reference, {
    signal,
  });
  console.out(`Tagging [registry] ${reference.name}@${descriptor.digest}`);
  const { manifests } = registry.repository(reference);
  const { mediaType } = descriptor;
  const limit = readConcurrency(flags);
  await forEachConcurrent(tags, { limit, signal }, async (tag, signal) => {
    await manifests.put(tag, bytes, { mediaType, signal });
    console.out(`Tagged ${tag}`);
  });
}
