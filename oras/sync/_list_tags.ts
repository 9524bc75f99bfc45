import {
  isRepositoryName,
  isTag,
  parseRegistryName,
} from "../../distribution/reference.ts";
import { InvalidReferenceError } from "../../distribution/reference_error.ts";
import { isReferrersTag } from "../_is_referrers_tag.ts";
import { tagRules } from "./_check_entry.ts";
import type { Job } from "./_job.ts";
import { parsePlace, withTag } from "./_place.ts";
import type { TagStores } from "./_tag_stores.ts";
import { selectNames, selectTags } from "./select_names.ts";
import type { SyncEntry } from "./sync_config.ts";

/** Two places whose tags are kept in step, as text. */
export interface Pair {
  /** How they are kept so. */
  readonly entry: SyncEntry;
  /** From where. */
  readonly source: string;
  /** To where. */
  readonly target: string;
}

/** What is needed to find out what is to be copied. */
export interface ListContext {
  /** The stores and registries that are asked. */
  readonly stores: TagStores;
  /** Is told of what is listed and cannot be copied. */
  readonly refuse: (
    places: Pick<Pair, "source" | "target">,
    error: unknown,
  ) => void;
  /** Stops the work. */
  readonly signal: AbortSignal | undefined;
}

/** The repositories of an entry. What is listed as one, and is none, is refused. */
export async function listPairs(
  entry: SyncEntry,
  { refuse, signal, stores }: ListContext,
): Promise<Pair[]> {
  const { repos, source, target, type } = entry;
  if (type !== "registry") return [{ entry, source, target }];
  const from = parseRegistryName(source);
  const to = parseRegistryName(target);
  const client = await stores.client(from);
  const names = await Array.fromAsync(client.catalog({ signal }));
  return selectNames(names, repos).flatMap((name) => {
    const pair = { source: `${from}/${name}`, target: `${to}/${name}` };
    // With a tag behind it, say, it would lead to what the rules were not asked of.
    if (isRepositoryName(name)) return [{ entry, ...pair }];
    const reason = "it is listed as a repository, and is none";
    refuse(
      pair,
      new InvalidReferenceError("REFERENCE_INVALID_FORMAT", name, reason),
    );
    return [];
  });
}

/**
 * The tags of two places that are to be copied, or the one that an entry names. What
 * is listed as a tag, and is none, is refused.
 */
export async function listTags(
  { entry, ...pair }: Pair,
  { refuse, signal, stores }: ListContext,
): Promise<Job[]> {
  const source = parsePlace(pair.source);
  const target = parsePlace(pair.target);
  if (entry.type === "image") {
    const image = source.target === undefined
      ? withTag(source, "latest")
      : source;
    const place = target.target === undefined && image.tag !== undefined
      ? withTag(target, image.tag)
      : target;
    return [{ entry, source: image, target: place }];
  }
  const store = await stores.open(source);
  const all = await Array.fromAsync(store.listTags({ signal }));
  const tags = await selectTags(
    all.filter((tag) => !isReferrersTag(tag)),
    tagRules(entry),
  );
  return tags.flatMap((tag) => {
    if (isTag(tag)) {
      return [{
        entry,
        source: withTag(source, tag),
        target: withTag(target, tag),
      }];
    }
    const error = new InvalidReferenceError(
      "REFERENCE_TAG_INVALID",
      tag,
      "it is listed as a tag, and is none",
    );
    refuse(pair, error);
    return [];
  });
}
