import type { TagsOptions } from "../../distribution/content_options.ts";

/** Lists names once each, in the order of their characters, behind one or from the first. */
export async function* sortedTags(
  names: Iterable<string>,
  { last, signal }: TagsOptions,
): AsyncGenerator<string> {
  signal?.throwIfAborted();
  for (const name of [...new Set(names)].sort()) {
    if (last === undefined || name > last) yield await Promise.resolve(name);
  }
}
