import { Digest } from "../../digest/digest.ts";
import { BaseRegistry } from "../base_registry.ts";
import type { Invocation } from "./_command.ts";
import { readFormat } from "./_format.ts";
import { printable } from "./_printable.ts";
import { remoteOptions } from "./_remote.ts";
import { readReference } from "./_target.ts";

/** Lists the tags of a repository, or those that mean the same as a reference. */
export async function run(invocation: Invocation): Promise<void> {
  const { args: [target = ""], console, flags } = invocation;
  const format = await readFormat(flags);
  const reference = readReference(target);
  const registry = new BaseRegistry({
    ...await remoteOptions(invocation, reference.registry),
    defaultTag: "",
  });
  const { manifests, tags } = registry.repository(reference);
  const { signal } = invocation;
  let wanted: string | undefined;
  if (reference.target !== undefined) {
    wanted = reference.digest ??
      (await registry.resolve(reference, { signal })).digest;
    console.err(
      `WARNING! Asking for the digest of every tag to find those of ${wanted}; this may take a while.`,
    );
  }
  const found: string[] = [];
  const last = flags.text("last") || undefined;
  for await (const tag of tags.list({ last, signal })) {
    if (flags.bool("exclude-digest-tags") && isDigestTag(tag)) continue;
    if (
      wanted !== undefined && tag !== reference.tag &&
      (await manifests.head(tag, { signal })).digest !== wanted
    ) continue;
    if (format.isText) console.out(printable(tag));
    else found.push(tag);
  }
  format.print(console, { tags: found });
}

/** Whether a tag is a digest with `-` in place of `:`, as the referrers tag schema makes them. */
function isDigestTag(tag: string): boolean {
  try {
    Digest.parse(tag.replace("-", ":"));
    return true;
  } catch {
    return false;
  }
}
