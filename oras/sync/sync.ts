import { isDigestTag } from "../../distribution/digest_tag.ts";
import { fixedCredentials } from "../../distribution/credentials.ts";
import { defaultTransport } from "../../distribution/default_transport.ts";
import {
  isTag,
  parseRegistryName,
  Reference,
} from "../../distribution/reference.ts";
import type { ClientOptions } from "../../distribution/client_options.ts";
import { RegistryClient } from "../../distribution/registry_client.ts";
import type { Repository } from "../../distribution/repository.ts";
import type { SignalOptions } from "../../distribution/signal_options.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import { parsePlatform } from "../../image/platform.ts";
import { forEachConcurrent } from "../_pool.ts";
import { copy } from "../copy.ts";
import { isNotFound } from "../store_error.ts";
import { selectNames, selectTags } from "./select_names.ts";
import type { SyncConfig, SyncEntry, SyncRegistry } from "./sync_config.ts";

/** What became of one tag, or of an entry whose tags could not be listed. */
export interface SyncResult {
  /** Where it comes from. */
  readonly source: string;
  /** Where it goes. */
  readonly target: string;
  /** What was done: `would copy` where nothing is to be changed. */
  readonly outcome: "copied" | "unchanged" | "would copy" | "failed";
  /** The digest in the source; undefined where that is not known. */
  readonly digest: string | undefined;
  /** What went wrong. */
  readonly error: unknown;
}

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
 * Copies what a configuration names from registry to registry, as far as it has
 * changed: one request to each side for a tag that has not. What fails does not keep
 * the rest from being done.
 *
 * @returns What became of each tag.
 * @throws {InvalidReferenceError} A source or target is malformed: nothing is then done.
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
  readonly source: Reference;
  readonly target: Reference;
}

class Sync {
  readonly #config: SyncConfig;
  readonly #options: SyncRunOptions;
  readonly #clients = new Map<string, RegistryClient>();
  readonly #results: SyncResult[] = [];

  constructor(config: SyncConfig, options: SyncRunOptions) {
    this.#config = config;
    this.#options = options;
  }

  async run(): Promise<readonly SyncResult[]> {
    const { parallel, sync } = this.#config;
    const { signal } = this.#options;
    // What is malformed is told before anything is done.
    for (const entry of sync) readEntry(entry);
    const jobs: Job[] = [];
    for (const entry of sync) {
      try {
        jobs.push(...await this.#jobs(entry));
      } catch (error) {
        signal?.throwIfAborted();
        this.#tell(entry.source, entry.target, "failed", { error });
      }
    }
    await forEachConcurrent(
      jobs,
      { limit: parallel, signal },
      (job, signal) => this.#one(job, signal),
    );
    return this.#results;
  }

  async #jobs(entry: SyncEntry): Promise<Job[]> {
    const { source, target } = readEntry(entry);
    if (entry.type !== "registry") {
      return await this.#tagJobs(
        entry,
        source as Reference,
        target as Reference,
      );
    }
    const [from, to] = [String(source), String(target)];
    const { signal } = this.#options;
    const names = await Array.fromAsync(this.#client(from).catalog({ signal }));
    const jobs: Job[] = [];
    for (const name of selectNames(names, entry.repos)) {
      jobs.push(
        ...await this.#tagJobs(
          entry,
          Reference.parse(`${from}/${name}`),
          Reference.parse(`${to}/${name}`),
        ),
      );
    }
    return jobs;
  }

  async #tagJobs(
    entry: SyncEntry,
    source: Reference,
    target: Reference,
  ): Promise<Job[]> {
    if (entry.type === "image") {
      const tag = target.tag ?? source.tag;
      const named = target.target === undefined && tag !== undefined
        ? target.withTag(tag)
        : target;
      return [{ entry, source, target: named }];
    }
    const { signal } = this.#options;
    const all = await Array.fromAsync(
      this.#repository(source).tags.list({ signal }),
    );
    const tags = await selectTags(
      all.filter((tag) => !isDigestTag(tag)),
      entry.tags,
    );
    return tags.map((tag) => ({
      entry,
      source: source.withTag(tag),
      target: target.withTag(tag),
    }));
  }

  async #one(
    { entry, source, target }: Job,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const [from, to] = [this.#repository(source), this.#repository(target)];
    let digest: string | undefined;
    try {
      const wanted = source.target ?? "latest";
      ({ digest } = await from.resolve(wanted, { signal }));
      const place = target.target ?? digest;
      const there = await find(to, place, signal);
      const isSame = there?.digest === digest;
      // What belongs to content can have changed although it has not.
      const isDone = isSame && !entry.referrers && !entry.digestTags &&
        !entry.forceRecursive;
      if (isDone) return this.#tell(source, target, "unchanged", { digest });
      if (this.#options.dryRun) {
        const outcome = isSame ? "unchanged" : "would copy";
        return this.#tell(source, target, outcome, { digest });
      }
      if (there !== undefined && !isSame && entry.backup !== undefined) {
        await this.#keep(there, target, entry.backup, signal);
      }
      const { copied, mounted } = await copy(from, wanted, to, place, {
        platform: entry.platform === undefined
          ? undefined
          : parsePlatform(entry.platform),
        recursive: entry.referrers,
        digestTags: entry.digestTags,
        includeForeign: entry.includeExternal,
        heal: entry.forceRecursive,
        signal,
      });
      const outcome = isSame && copied + mounted === 0 ? "unchanged" : "copied";
      this.#tell(source, target, outcome, { digest });
    } catch (error) {
      signal?.throwIfAborted();
      this.#tell(source, target, "failed", { digest, error });
    }
  }

  /** Gives what a tag points at another name, before the tag is moved. */
  async #keep(
    descriptor: Descriptor,
    target: Reference,
    backup: string,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    if (isTag(backup)) {
      return await this.#repository(target).tag(descriptor, backup, { signal });
    }
    const place = Reference.parse(backup);
    await copy(
      this.#repository(target),
      descriptor.digest,
      this.#repository(place),
      place.target ?? descriptor.digest,
      { signal },
    );
  }

  #repository(reference: Reference): Repository {
    return this.#client(reference.registry).repository(reference.repository);
  }

  #client(registry: string): RegistryClient {
    let client = this.#clients.get(registry);
    if (client === undefined) {
      const told = this.#config.creds.find((one) => one.registry === registry);
      const { makeClient = defaultClient } = this.#options;
      client = makeClient(
        registry,
        told === undefined ? {} : clientOptions(told),
      );
      this.#clients.set(registry, client);
    }
    return client;
  }

  #tell(
    source: Reference | string,
    target: Reference | string,
    outcome: SyncResult["outcome"],
    { digest, error }: {
      readonly digest?: string | undefined;
      readonly error?: unknown;
    },
  ): void {
    const result = {
      source: String(source),
      target: String(target),
      outcome,
      digest,
      error,
    };
    this.#results.push(result);
    this.#options.onResult?.(result);
  }
}

function defaultClient(
  registry: string,
  options: ClientOptions,
): RegistryClient {
  return new RegistryClient(registry, options);
}

function clientOptions({ pass, tls, user }: SyncRegistry): ClientOptions {
  return {
    ...user !== undefined && {
      credentials: fixedCredentials({ username: user, password: pass ?? "" }),
    },
    ...tls === "disabled" && { plainHttp: true },
    ...tls === "insecure" && {
      transport: defaultTransport({ insecure: true }),
    },
  };
}

function readEntry(
  { source, target, type }: SyncEntry,
): { source: Reference | string; target: Reference | string } {
  return type === "registry"
    ? { source: parseRegistryName(source), target: parseRegistryName(target) }
    : { source: Reference.parse(source), target: Reference.parse(target) };
}

async function find(
  repository: Repository,
  reference: string,
  signal: AbortSignal | undefined,
): Promise<Descriptor | undefined> {
  try {
    return await repository.resolve(reference, { signal });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
