import { isDigestTag } from "../../distribution/digest_tag.ts";
import { isTag, parseRegistryName } from "../../distribution/reference.ts";
import type { ClientOptions } from "../../distribution/client_options.ts";
import type { RegistryClient } from "../../distribution/registry_client.ts";
import type { SignalOptions } from "../../distribution/signal_options.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import { parsePlatform } from "../../image/platform.ts";
import { manifestForPlatform } from "../_platform.ts";
import { forEachConcurrent } from "../_pool.ts";
import { copy } from "../copy.ts";
import { resolveManifest } from "../graph/_read_manifest.ts";
import { isNotFound } from "../store_error.ts";
import { parsePlace, type Place, showPlace, withTag } from "./_place.ts";
import { selectNames, selectTags } from "./select_names.ts";
import type { SyncConfig, SyncEntry } from "./sync_config.ts";
import { SyncError } from "./sync_error.ts";
import type { SyncResult } from "./sync_result.ts";
import { type TagStore, TagStores } from "./_tag_stores.ts";

/** How {@linkcode sync} works. */
export interface SyncRunOptions extends SignalOptions {
  /**
   * Makes the client of a registry, once for each.
   *
   * @default {a RegistryClient with what the configuration says of the registry}
   */
  readonly makeClient?:
    | ((registry: string, options: ClientOptions) => RegistryClient)
    | undefined;
  /**
   * Find out what would be copied, and copy nothing.
   *
   * @default {false}
   */
  readonly dryRun?: boolean | undefined;
  /** Told of each result as it is known. */
  readonly onResult?: ((result: SyncResult) => void) | undefined;
}

/**
 * Copies what a configuration names between registries and image layouts on disk
 * (`ocidir://path`), as far as it has changed: one request to each side for a tag
 * that has not, and one more to the source where a platform is chosen. What fails
 * does not keep the rest from being done.
 *
 * @returns What became of each tag.
 * @throws {SyncError} Some of it failed; the error tells what became of all.
 * @throws {InvalidReferenceError} A source or target is malformed: nothing is then done.
 * @throws {TypeError} A platform is malformed: nothing is then done.
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
  options: SyncRunOptions = {},
): Promise<readonly SyncResult[]> {
  return await new Sync(config, options).run();
}

/** One tag to copy. */
interface Job {
  readonly entry: SyncEntry;
  readonly source: Place;
  readonly target: Place;
}

/** What became of a job. */
type Done = Omit<SyncResult, "source" | "target">;

class Sync {
  readonly #config: SyncConfig;
  readonly #options: SyncRunOptions;
  readonly #stores: TagStores;
  readonly #results: SyncResult[] = [];

  constructor(config: SyncConfig, options: SyncRunOptions) {
    this.#config = config;
    this.#options = options;
    this.#stores = new TagStores(config.creds, options.makeClient);
  }

  async run(): Promise<readonly SyncResult[]> {
    const { parallel, sync } = this.#config;
    const { signal } = this.#options;
    // What is malformed is told before anything is done.
    for (const entry of sync) checkEntry(entry);
    const jobs: Job[] = [];
    for (const entry of sync) jobs.push(...await this.#jobs(entry));
    await forEachConcurrent(
      jobs,
      { limit: parallel, signal },
      async (job, signal) => {
        const { source, target } = job;
        const done = await this.#one(job, signal);
        this.#tell(showPlace(source), showPlace(target), done);
      },
    );
    if (this.#results.some(({ outcome }) => outcome === "failed")) {
      throw new SyncError(this.#results);
    }
    return this.#results;
  }

  /** The tags of an entry; none, and a result, where they cannot be listed. */
  async #jobs(entry: SyncEntry): Promise<Job[]> {
    const { repos, source, target, type } = entry;
    if (type !== "registry") return await this.#listed(entry, source, target);
    const from = parseRegistryName(source);
    const to = parseRegistryName(target);
    const { signal } = this.#options;
    const names = await this.#listing(
      source,
      target,
      () => Array.fromAsync(this.#stores.client(from).catalog({ signal })),
    );
    const jobs: Job[] = [];
    for (const name of selectNames(names, repos)) {
      jobs.push(
        ...await this.#listed(entry, `${from}/${name}`, `${to}/${name}`),
      );
    }
    return jobs;
  }

  /** The tags of one repository. */
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
      this.#tell(source, target, failure(error));
      return [];
    }
  }

  async #tagJobs(
    entry: SyncEntry,
    source: Place,
    target: Place,
  ): Promise<Job[]> {
    if (entry.type === "image") {
      const { tag } = source;
      const named = target.target === undefined && tag !== undefined
        ? withTag(target, tag)
        : target;
      return [{ entry, source, target: named }];
    }
    const { signal } = this.#options;
    const store = await this.#stores.open(source);
    const all = await Array.fromAsync(store.listTags({ signal }));
    const tags = await selectTags(
      all.filter((tag) => !isDigestTag(tag)),
      entry.tags,
    );
    return tags.map((tag) => ({
      entry,
      source: withTag(source, tag),
      target: withTag(target, tag),
    }));
  }

  async #one(
    { entry, source, target }: Job,
    signal: AbortSignal | undefined,
  ): Promise<Done> {
    let digest: string | undefined;
    try {
      const from = await this.#stores.open(source);
      const to = await this.#stores.open(target);
      digest = await find(from, source.target ?? "latest", entry, signal);
      const place = target.target ?? digest;
      const there = await findOptional(to, place, signal);
      const isSame = there?.digest === digest;
      // What belongs to content can have changed although it has not.
      const isDone = isSame && !entry.referrers && !entry.digestTags &&
        !entry.forceRecursive;
      if (isDone) return { outcome: "unchanged", digest, error: undefined };
      if (this.#options.dryRun) {
        const outcome = isSame ? "unchanged" : "would copy";
        return { outcome, digest, error: undefined };
      }
      if (there !== undefined && !isSame && entry.backup !== undefined) {
        await this.#keep(there, target, entry.backup, signal);
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

  #tell(source: string, target: string, done: Done): void {
    const result = { source, target, ...done };
    this.#results.push(result);
    this.#options.onResult?.(result);
  }
}

function failure(error: unknown, digest?: string): Done {
  return { outcome: "failed", digest, error };
}

/** Refuses what is malformed. */
function checkEntry(
  { backup, platform, source, target, type }: SyncEntry,
): void {
  for (const text of [source, target]) {
    if (type === "registry") parseRegistryName(text);
    else parsePlace(text);
  }
  if (backup !== undefined && !isTag(backup)) parsePlace(backup);
  if (platform !== undefined) parsePlatform(platform);
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
