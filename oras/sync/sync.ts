import { forEachConcurrent } from "../_pool.ts";
import { checkEntry } from "./_check_entry.ts";
import { type Job, sortJobs } from "./_job.ts";
import { type ListContext, listPairs, listTags } from "./_list_tags.ts";
import { showPlace } from "./_place.ts";
import { type Done, failure, syncTag } from "./_sync_tag.ts";
import { TagStores } from "./_tag_stores.ts";
import type { SyncConfig } from "./sync_config.ts";
import { SyncError } from "./sync_error.ts";
import type { SyncOptions } from "./sync_options.ts";
import type { SyncResult } from "./sync_result.ts";

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
 * @throws {SyntaxError} An expression of a rule is malformed: nothing is then done.
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

/** Where something comes from and goes, as text. */
type Places = Pick<SyncResult, "source" | "target">;

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
    const listing: ListContext = {
      stores: this.#stores,
      refuse: (places, error) => this.#refuse(places, error),
      signal: this.#options.signal,
    };
    const pairs = await this.#each(
      sync,
      (entry) => this.#list(entry, () => listPairs(entry, listing)),
    );
    const listed = await this.#each(
      pairs.flat(),
      (pair) => this.#list(pair, () => listTags(pair, listing)),
    );
    const { clashes, jobs } = sortJobs(listed.flat());
    const done = await this.#each(jobs, async (job, signal) => {
      const context = { ...this.#options, stores: this.#stores, signal };
      const done = await syncTag(job, context);
      return this.#tell(placesOf(job), done);
    });
    const clashing = clashes.map(([job, other]) => {
      const places = placesOf(job);
      const { source, target } = places;
      const reason =
        `Cannot copy ${source} to ${target}: ${other} is copied there`;
      return this.#tell(places, failure(new RangeError(reason)));
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

  /** What is listed; nothing, and a result, where it cannot be. */
  async #list<Item>(
    places: Places,
    list: () => Promise<Item[]>,
  ): Promise<Item[]> {
    try {
      return await list();
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      this.#refuse(places, error);
      return [];
    }
  }

  #refuse(places: Places, error: unknown): void {
    this.#unlisted.push(this.#tell(places, failure(error)));
  }

  #tell({ source, target }: Places, done: Done): SyncResult {
    const result = { source, target, ...done };
    this.#options.onResult?.(result);
    return result;
  }
}

function placesOf({ source, target }: Job): Places {
  return { source: showPlace(source), target: showPlace(target) };
}
