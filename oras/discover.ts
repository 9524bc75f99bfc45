import type { Platform } from "../image/platform.ts";
import type { Descriptor } from "../image/descriptor.ts";
import type { SignalOptions } from "../distribution/signal_options.ts";
import { manifestForPlatform } from "./_platform.ts";
import { forEachConcurrent } from "./_pool.ts";
import { resolveManifest } from "./graph/_read_manifest.ts";
import type { ReadableStore, ReferrerLister } from "./store.ts";

/** What {@linkcode discover} is told. */
export interface DiscoverOptions extends SignalOptions {
  /** Only referrers of this type, and what refers to them of the same type. */
  readonly artifactType?: string | undefined;
  /** Only referrers that have all of these annotations, with these values. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  /**
   * How many levels of referrers are looked for.
   *
   * @default {Infinity}
   */
  readonly depth?: number | undefined;
  /** Discover what refers to the manifest for this platform, where the reference is an index. */
  readonly platform?: Platform | undefined;
  /**
   * How many questions are under way at once.
   *
   * @default {6}
   */
  readonly concurrency?: number | undefined;
}

/** A manifest, and what refers to it. */
export interface ReferrerTree {
  /** The manifest. */
  readonly descriptor: Descriptor;
  /** What refers to it, in the order in which the store lists it. */
  readonly referrers: readonly ReferrerTree[];
}

/** So many referrers are taken. */
const LIMIT = 100_000;

/**
 * Finds what refers to a manifest, and what refers to that, and so on, as a tree.
 * What stands in its own ancestry is left out, so that the tree always ends.
 *
 * Follows distribution-spec §Listing Referrers.
 *
 * @throws {NotFoundError | StoreError} There is no such manifest.
 * @throws {RangeError} The depth is no number from 1, or there are more than 100,000 referrers.
 *
 * @example
 * ```ts
 * import { attach, discover, MemoryStore, push } from "@gantry/oci/oras";
 * import { assertEquals } from "@std/assert";
 *
 * const store = new MemoryStore();
 * await push(store, { tags: ["v1"] });
 * const annotations = { reviewed: "yes" };
 * const { descriptor } = await attach(store, "v1", {
 *   artifactType: "application/vnd.example.review",
 *   annotations,
 * });
 * const { referrers } = await discover(store, "v1");
 * assertEquals(referrers[0]?.descriptor.digest, descriptor.digest);
 * ```
 */
export async function discover(
  store: ReadableStore & ReferrerLister,
  reference: string,
  options: DiscoverOptions = {},
): Promise<ReferrerTree> {
  const { depth = Infinity, platform, signal } = options;
  if (!(depth >= 1)) {
    throw new RangeError(
      `Cannot discover referrers: depth ${depth} is no number from 1`,
    );
  }
  let descriptor = await store.resolve(reference, { signal });
  if (platform !== undefined) {
    const content = await resolveManifest(store, reference, { signal });
    const chosen = await manifestForPlatform(store, content, platform, {
      signal,
    });
    descriptor = chosen.descriptor;
  }
  return await discoverBelow(store, descriptor, options);
}

interface Growing extends ReferrerTree {
  readonly referrers: Growing[];
}

/** Level by level, several manifests of a level at once; each manifest is asked about once. */
async function discoverBelow(
  store: ReferrerLister,
  root: Descriptor,
  options: DiscoverOptions,
): Promise<ReferrerTree> {
  const { concurrency = 6, depth = Infinity, signal } = options;
  const lists = new Map<string, Promise<readonly Descriptor[]>>();
  const tree: Growing = { descriptor: root, referrers: [] };
  const ancestry = new Ancestry(tree);
  let level = [tree];
  for (let at = 0; at < depth && level.length > 0; at++) {
    await forEachConcurrent(
      level,
      { limit: concurrency, signal },
      async (node, signal) => {
        const { digest } = node.descriptor;
        let list = lists.get(digest);
        if (list === undefined) {
          list = listAll(store, node.descriptor, { ...options, signal });
          lists.set(digest, list);
        }
        for (const descriptor of await list) {
          if (ancestry.holds(node, descriptor.digest)) continue;
          const child: Growing = { descriptor, referrers: [] };
          if (ancestry.add(child, node) > LIMIT) {
            throw new RangeError(
              `Cannot discover referrers of ${root.digest}: there are more than ${LIMIT}`,
            );
          }
          node.referrers.push(child);
        }
      },
    );
    level = level.flatMap(({ referrers }) => referrers);
  }
  return tree;
}

/** What stands above what in a tree. */
class Ancestry {
  readonly #parents = new Map<Growing, Growing>();
  readonly #digests: Set<string>;

  constructor({ descriptor }: Growing) {
    this.#digests = new Set([descriptor.digest]);
  }

  /** Adds a node, and gives how many there are below the root. */
  add(node: Growing, parent: Growing): number {
    this.#digests.add(node.descriptor.digest);
    return this.#parents.set(node, parent).size;
  }

  /** Whether a digest is that of a node, or of one above it. */
  holds(node: Growing, digest: string): boolean {
    // What is nowhere in the tree is not above: so a long chain is soon done with.
    if (!this.#digests.has(digest)) return false;
    for (
      let at: Growing | undefined = node;
      at !== undefined;
      at = this.#parents.get(at)
    ) {
      if (at.descriptor.digest === digest) return true;
    }
    return false;
  }
}

async function listAll(
  store: ReferrerLister,
  subject: Descriptor,
  { annotations = {}, artifactType, signal }: DiscoverOptions,
): Promise<readonly Descriptor[]> {
  const found: Descriptor[] = [];
  const wanted = Object.entries(annotations);
  for await (
    const descriptor of store.listReferrers(subject, { artifactType, signal })
  ) {
    const has = descriptor.annotations ?? {};
    if (wanted.every(([key, value]) => has[key] === value)) {
      found.push(descriptor);
    }
  }
  return found;
}
