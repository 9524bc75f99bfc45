import { isTag, parseRegistryName } from "../../distribution/reference.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import { parsePlatform } from "../../image/platform.ts";
import { InvalidReferenceError } from "../../distribution/reference_error.ts";
import { manifestForPlatform } from "../_platform.ts";
import { isReferrersTag } from "../_is_referrers_tag.ts";
import { forEachConcurrent } from "../_pool.ts";
import { copy } from "../copy.ts";
import { resolveManifest } from "../graph/_read_manifest.ts";
import { isNotFound } from "../store_error.ts";
import { checkEntry, isTemplate, tagRules } from "./_check_entry.ts";
import { type Job, sortJobs } from "./_job.ts";
import { parsePlace, type Place, showPlace, withTag } from "./_place.ts";
import { selectNames, selectTags } from "./select_names.ts";
import type { SyncConfig, SyncEntry } from "./sync_config.ts";
import { SyncError } from "./sync_error.ts";
import type { SyncResult } from "./sync_result.ts";
import type { SyncOptions } from "./sync_options.ts";
import { type TagStore, TagStores } from "./_tag_stores.ts";

/**
 * Copies what a configuration names between registries and image layouts on disk
 * (`ocidir://path`), as far as it has changed: one request to each side for a tag
 * that has not, and one more to the source where a platform is chosen. What fails
 * does not keep the rest from being done.
 *
 * @returns What became of each tag, in the order of the configuration and of the listings.
 * @throws {SyncError} Some of it failed; the error tells what became of all.
 * @throws {InvalidReferenceError} A source or target is malformed: nothing is then done.
 * @throws {TypeError} A platform is malformed, or a `backup` is a template and
 * `expandBackup` is not given: nothing is then done.
 * @throws {RangeError} A `semverRange` is no range of versions: nothing is then done.
 *
 * @example
 * ```ts
 * import { parseSyncConfig, Registry, sync } from "@gantry/oci/oras";
 * import { fromHandler, RegistryClient } from "@gantry/oci/distribution";
 * import { createRegistry } from "@gantry/oci/distribution/server";
 * import { assertEquals } from "@std/assert";
 *
 * const transport = fromHandler(createRegistry().fetch);
 * const registry = new Registry({ hostname: "registry.example", transport });
 * for (const tag of ["v1.0.0", "v1.1.0", "latest"]) await registry.push(`app:${tag}`);
 *
 * const config = parseSyncConfig({
 *   sync: [{
 *     source: "registry.example/app",
 *     target: "registry.example/mirror/app",
 *     type: "repository",
 *     tags: { semverRange: [">=1.1"] },
 *   }],
 * });
 * const makeClient = (name: string) => new RegistryClient(name, { transport });
 * const results = await sync(config, { makeClient });
 * assertEquals(results.map(({ target, outcome }) => [target, outcome]), [
 *   ["registry.example/mirror/app:v1.1.0", "copied"],
 * ]);
 * ```
 */
export async function sync(
  config: SyncConfig,
  options: SyncOptions = {},
): Promise<readonly SyncResult[]> {
  return await new Sync(config, options).run();
}

/** Two places whose tags are kept in step, as text. */
interface Pair {
  readonly entry: SyncEntry;
  readonly from: string;
  readonly to: string;
}

/** What became of a job. */
type Done = Omit<SyncResult, "source" | "target">;

class Sync {
  readonly #config: SyncConfig;
  readonly #options: SyncOptions;
  readonly #stores: TagStores;
  /** What became of what could not be listed. */
  readonly #unlisted: SyncResult[] = [];

  constructor(config: SyncConfig, options: SyncOptions) {
    this.#config = config;
    this.#options = options;
    this.#stores = new TagStores(config.creds, options.makeClient);
  }

  async run(): Promise<readonly SyncResult[]> {
    try {
      return await this.#run();
    } finally {
      this.#stores.close();
    }
  }

  async #run(): Promise<readonly SyncResult[]> {
    const { sync } = this.#config;
    // What is malformed is told before anything is done.
    for (const entry of sync) await checkEntry(entry, this.#options);
    const pairs = await this.#each(sync, (entry) => this.#pairs(entry));
    const listed = await this.#each(
      pairs.flat(),
      ({ entry, from, to }) => this.#listed(entry, from, to),
    );
    const { clashes, jobs } = sortJobs(listed.flat());
    const done = await this.#each(jobs, async (job, signal) => {
      const done = await this.#one(job, signal);
      return this.#tell(showPlace(job.source), showPlace(job.target), done);
    });
    const clashing = clashes.map(([{ source, target }, other]) => {
      const [from, to] = [showPlace(source), showPlace(target)];
      const reason = `Cannot copy ${from} to ${to}: ${other} is copied there`;
      return this.#tell(from, to, failure(new RangeError(reason)));
    });
    const results = [...done, ...clashing, ...this.#unlisted];
    if (results.some(({ outcome }) => outcome === "failed")) {
      throw new SyncError(results);
    }
    return results;
  }

  /** Works on several at once, and gives what came of them in their order. */
  async #each<Item, Result>(
    items: readonly Item[],
    work: (item: Item, signal: AbortSignal) => Promise<Result>,
  ): Promise<Result[]> {
    const { parallel: limit } = this.#config;
    const { signal } = this.#options;
    const results: Result[] = [];
    await forEachConcurrent(
      [...items.entries()],
      { limit, signal },
      async ([index, item], signal) => {
        results[index] = await work(item, signal);
      },
    );
    return results;
  }

  /** The repositories of an entry; none, and a result, where they cannot be listed. */
  async #pairs(entry: SyncEntry): Promise<Pair[]> {
    const { repos, source, target, type } = entry;
    if (type !== "registry") return [{ entry, from: source, to: target }];
    const from = parseRegistryName(source);
    const to = parseRegistryName(target);
    const { signal } = this.#options;
    const names = await this.#listing(
      source,
      target,
      async () => {
        const client = await this.#stores.client(from);
        return await Array.fromAsync(client.catalog({ signal }));
      },
    );
    return selectNames(names, repos).map((name) => ({
      entry,
      from: `${from}/${name}`,
      to: `${to}/${name}`,
    }));
  }

  /** The tags of one repository; none, and a result, where they cannot be listed. */
  async #listed(
    entry: SyncEntry,
    from: string,
    to: string,
  ): Promise<Job[]> {
    return await this.#listing(
      from,
      to,
      () => this.#tagJobs(entry, parsePlace(from), parsePlace(to)),
    );
  }

  async #listing<T>(
    source: string,
    target: string,
    list: () => Promise<T[]>,
  ): Promise<T[]> {
    try {
      return await list();
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      this.#unlisted.push(this.#tell(source, target, failure(error)));
      return [];
    }
  }

  async #tagJobs(
    entry: SyncEntry,
    source: Place,
    target: Place,
  ): Promise<Job[]> {
    if (entry.type === "image") {
      const from = source.target === undefined
        ? withTag(source, "latest")
        : source;
      const to = target.target === undefined && from.tag !== undefined
        ? withTag(target, from.tag)
        : target;
      return [{ entry, source: from, target: to }];
    }
    const { signal } = this.#options;
    const store = await this.#stores.open(source);
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
      this.#unlisted.push(
        this.#tell(showPlace(source), showPlace(target), failure(error)),
      );
      return [];
    });
  }

  async #one(
    { entry, source, target }: Job,
    signal: AbortSignal | undefined,
  ): Promise<Done> {
    let digest: string | undefined;
    try {
      const from = await this.#stores.open(source);
      const to = await this.#stores.open(target);
      digest = await find(from, source.target!, entry, signal);
      const place = target.target ?? digest;
      const there = await findOptional(to, place, signal);
      const isSame = there?.digest === digest;
      // What belongs to content can have changed although it has not.
      const isWhole = entry.fastCheck || !entry.referrers && !entry.digestTags;
      const isDone = isSame && isWhole && !entry.forceRecursive;
      if (isDone) return { outcome: "unchanged", digest, error: undefined };
      if (this.#options.missing && there !== undefined && !isSame) {
        return { outcome: "kept", digest, error: undefined };
      }
      if (this.#options.dryRun) {
        const outcome = isSame ? "unchanged" : "would copy";
        return { outcome, digest, error: undefined };
      }
      if (there !== undefined && !isSame && entry.backup !== undefined) {
        const backup = this.#backup(entry, entry.backup, target);
        await this.#keep(there, target, backup, signal);
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
  #backup(entry: SyncEntry, backup: string, target: Place): string {
    if (!isTemplate(backup)) return backup;
    const { repository, tag = "" } = target;
    const { source, type } = entry;
    return this.#options.expandBackup!(backup, {
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
  async #keep(
    descriptor: Descriptor,
    target: Place,
    backup: string,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const store = await this.#stores.open(target);
    if (isTag(backup)) return await store.tag(descriptor, backup, { signal });
    const place = parsePlace(backup);
    const { digest } = descriptor;
    await copy(
      store,
      digest,
      await this.#stores.open(place),
      place.target ?? digest,
      { signal },
    );
  }

  #tell(source: string, target: string, done: Done): SyncResult {
    const result = { source, target, ...done };
    this.#options.onResult?.(result);
    return result;
  }
}

function failure(error: unknown, digest?: string): Done {
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
