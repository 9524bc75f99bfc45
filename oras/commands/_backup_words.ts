import type { Descriptor } from "../../image/descriptor.ts";
import { forEachConcurrent } from "../_pool.ts";
import type { Resolver } from "../store.ts";
import { isNotFound } from "../store_error.ts";
import type { Invocation } from "./_command.ts";
import { CommandError, UsageError } from "./_errors.ts";
import { type Location, readLocation } from "./_location.ts";

/** So many tags are listed on one line. */
const ON_ONE_LINE = 5;

/** What became of a tag. */
export interface TagReport {
  /** The tag. */
  readonly tag: string;
  /** The digest of its manifest. */
  readonly digest: string;
  /** How many manifests refer to it, and to those, as far as they came along. */
  readonly referrers: number;
}

/** Reads `repository[:tag[,tag…]]`; a digest has no place in a backup. */
export function readTagged(
  invocation: Invocation,
  argument: string,
): { location: Location; tags: readonly string[] } {
  const location = readLocation(invocation, argument, { needs: "tags" });
  if (location.digest !== undefined) {
    throw new UsageError(
      `digest references are not supported: ${JSON.stringify(argument)}`,
    );
  }
  return { location, tags: [location.tag ?? [], location.tags].flat() };
}

/** Finds out what all tags point at before any of it is moved. */
export async function resolveTags(
  store: Resolver,
  tags: readonly string[],
  options: {
    /** What is said to be missing; nothing where not given. */
    readonly missing?: (tag: string) => string;
    /** How many are asked for at once. */
    readonly limit: number;
    readonly signal: AbortSignal;
  },
): Promise<ReadonlyMap<string, Descriptor>> {
  const { limit, missing, signal } = options;
  // In the order of the tags, whichever is known first.
  const found: [string, Descriptor][] = [];
  const entries = [...tags.entries()];
  await forEachConcurrent(entries, { limit, signal }, async (entry, signal) => {
    const [index, tag] = entry;
    try {
      const { digest, mediaType, size } = await store.resolve(tag, { signal });
      found[index] = [tag, { mediaType, digest, size }];
    } catch (cause) {
      if (!isNotFound(cause)) throw cause;
      const what = missing === undefined ? "" : `${missing(tag)}: `;
      throw new CommandError(
        `failed to resolve tag ${JSON.stringify(tag)}: ${what}not found`,
        { cause },
      );
    }
  });
  return new Map(found);
}

/** Says which tags were found: few on one line, many below each other. */
export function foundTags(tags: readonly string[], where: string): string {
  const head = `Found ${tags.length} tag(s) in ${where}`;
  if (tags.length === 0) return head;
  return tags.length > ON_ONE_LINE
    ? [`${head}:`, ...tags].join("\n")
    : `${head}: ${tags.join(", ")}`;
}

/** The time since a start, as `16ms` or `1.234s`. */
export function timeSince(start: number): string {
  const milliseconds = Math.round(performance.now() - start);
  return milliseconds < 1000
    ? `${milliseconds}ms`
    : `${(milliseconds / 1000).toFixed(3)}s`;
}
