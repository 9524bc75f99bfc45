import { isTag } from "../../distribution/reference.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import { parsePlatform } from "../../image/platform.ts";
import { manifestForPlatform } from "../_platform.ts";
import { copy } from "../copy.ts";
import { resolveManifest } from "../graph/_read_manifest.ts";
import { isNotFound } from "../store_error.ts";
import { isTemplate } from "./_check_entry.ts";
import type { Job } from "./_job.ts";
import { parsePlace, type Place, showPlace } from "./_place.ts";
import type { TagStore, TagStores } from "./_tag_stores.ts";
import type { SyncEntry } from "./sync_config.ts";
import type { SyncOptions } from "./sync_options.ts";
import type { SyncResult } from "./sync_result.ts";

/** What became of a tag, wherever it comes from and goes. */
export type Done = Omit<SyncResult, "source" | "target">;

/** What is needed to copy tags. */
export interface TagContext
  extends Pick<SyncOptions, "dryRun" | "expandBackup" | "missing" | "signal"> {
  /** The stores that they are in. */
  readonly stores: TagStores;
}

/** Copies a tag as far as it has changed. A failure is what became of it, and is not thrown. */
export async function syncTag(
  { entry, source, target }: Job,
  context: TagContext,
): Promise<Done> {
  const { dryRun, missing, signal, stores } = context;
  let digest: string | undefined;
  try {
    const from = await stores.open(source);
    const to = await stores.open(target);
    digest = await find(from, source.target!, entry, signal);
    const place = target.target ?? digest;
    const there = await findOptional(to, place, signal);
    const isSame = there?.digest === digest;
    // What belongs to content can have changed although it has not.
    const isWhole = entry.fastCheck || !entry.referrers && !entry.digestTags;
    const isDone = isSame && isWhole && !entry.forceRecursive;
    if (isDone) return { outcome: "unchanged", digest, error: undefined };
    if (missing && there !== undefined && !isSame) {
      return { outcome: "kept", digest, error: undefined };
    }
    if (dryRun) {
      const outcome = isSame ? "unchanged" : "would copy";
      return { outcome, digest, error: undefined };
    }
    if (there !== undefined && !isSame && entry.backup !== undefined) {
      const backup = expand(entry, entry.backup, target, context);
      await keep(there, target, backup, context);
    }
    // By its digest, so that what was compared is what is copied.
    const { copied, mounted } = await copy(from, digest, to, place, {
      recursive: entry.referrers,
      digestTags: entry.digestTags,
      includeForeign: entry.includeExternal,
      heal: entry.forceRecursive,
      signal,
    });
    const outcome = isSame && copied + mounted === 0 ? "unchanged" : "copied";
    return { outcome, digest, error: undefined };
  } catch (error) {
    signal?.throwIfAborted();
    return failure(error, digest);
  }
}

/** Where a tag's content is kept. */
function expand(
  entry: SyncEntry,
  backup: string,
  target: Place,
  { expandBackup }: TagContext,
): string {
  if (!isTemplate(backup)) return backup;
  const { repository, tag = "" } = target;
  const { source, type } = entry;
  return expandBackup!(backup, {
    Ref: {
      Reference: showPlace(target),
      Registry: repository?.registry ?? "",
      Repository: repository?.repository ?? "",
      Tag: tag,
    },
    Sync: {
      Source: source,
      Target: entry.target,
      Type: type,
      Backup: backup,
    },
  });
}

/** Gives what a tag points at another name, before the tag is moved. */
async function keep(
  descriptor: Descriptor,
  target: Place,
  backup: string,
  { signal, stores }: TagContext,
): Promise<void> {
  const store = await stores.open(target);
  if (isTag(backup)) return await store.tag(descriptor, backup, { signal });
  const place = parsePlace(backup);
  const { digest } = descriptor;
  await copy(
    store,
    digest,
    await stores.open(place),
    place.target ?? digest,
    { signal },
  );
}

/** What became of a tag that could not be copied. */
export function failure(error: unknown, digest?: string): Done {
  return { outcome: "failed", digest, error };
}

/** The digest of what is to be copied: of an index's image where a platform is chosen. */
async function find(
  store: TagStore,
  reference: string,
  { platform }: SyncEntry,
  signal: AbortSignal | undefined,
): Promise<string> {
  if (platform === undefined) {
    return (await store.resolve(reference, { signal })).digest;
  }
  const content = await resolveManifest(store, reference, { signal });
  const wanted = parsePlatform(platform);
  const image = await manifestForPlatform(store, content, wanted, { signal });
  return image.descriptor.digest;
}

async function findOptional(
  store: TagStore,
  reference: string,
  signal: AbortSignal | undefined,
): Promise<Descriptor | undefined> {
  try {
    return await store.resolve(reference, { signal });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
