import { isDigestTag } from "../../distribution/digest_tag.ts";
import type { Invocation } from "./_command.ts";
import { readFormat } from "./_format.ts";
import { readLocation } from "./_location.ts";
import { openReader } from "./_open_store.ts";
import { printable } from "./_printable.ts";

/** Lists the tags of a repository or layout, or those that mean the same as a reference. */
export async function run(invocation: Invocation): Promise<void> {
  const { args: [argument = ""], console, flags, signal } = invocation;
  const format = await readFormat(flags);
  const location = readLocation(invocation, argument);
  const store = await openReader(invocation, location);
  let wanted: string | undefined;
  if (location.target !== undefined) {
    wanted = location.digest ??
      (await store.resolve(location.target, { signal })).digest;
    console.err(
      `WARNING! Asking for the digest of every tag to find those of ${wanted}; this may take a while.`,
    );
  }
  const found: string[] = [];
  const last = flags.text("last") || undefined;
  for await (const tag of store.listTags({ last, signal })) {
    if (flags.bool("exclude-digest-tags") && isDigestTag(tag)) continue;
    if (
      wanted !== undefined && tag !== location.tag &&
      (await store.resolve(tag, { signal })).digest !== wanted
    ) continue;
    if (format.isText) console.out(printable(tag));
    else found.push(tag);
  }
  format.print(console, { tags: found });
}
