import { isDigestTag } from "../../distribution/digest_tag.ts";
import type { SignalOptions } from "../../distribution/signal_options.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import { can, type ReadableStore } from "../store.ts";
import { StoreError } from "../store_error.ts";

/** What belongs to a manifest without being pointed at by it. */
export interface Companion {
  /** What it is. */
  readonly descriptor: Descriptor;
  /** The tags that make it belong. */
  readonly tags: readonly string[];
  /** What it refers to, where it was found as a referrer. */
  readonly refersTo?: Descriptor;
}

/** What is looked for. */
export interface CompanionOptions {
  /** Whether referrers are wanted. */
  readonly recursive?: boolean | undefined;
  /** Whether tags made of digests are wanted. */
  readonly digestTags?: boolean | undefined;
}

/** Finds in a store what belongs to manifests. */
export class Companions {
  readonly #source: ReadableStore;
  readonly #options: CompanionOptions;
  /** The tags with a suffix, by what stands before it; listed once. */
  #tags: Promise<ReadonlyMap<string, readonly string[]>> | undefined;

  constructor(source: ReadableStore, options: CompanionOptions) {
    this.#source = source;
    this.#options = options;
  }

  /** The referrers of a manifest, and what is tagged with its digest. */
  async find(
    descriptor: Descriptor,
    options: SignalOptions,
  ): Promise<Companion[]> {
    const { digestTags = false, recursive = false } = this.#options;
    const source = this.#source;
    const found: Companion[] = [];
    if (recursive) {
      if (!can(source, "listReferrers")) throw unsupported("referrers");
      for await (const one of source.listReferrers(descriptor, options)) {
        found.push({ descriptor: one, tags: [], refersTo: descriptor });
      }
    }
    if (!digestTags) return found;
    const tags = await (this.#tags ??= this.#list(options));
    for (const tag of tags.get(descriptor.digest.replace(":", "-")) ?? []) {
      const descriptor = await source.resolve(tag, options);
      found.push({ descriptor, tags: [tag] });
    }
    return found;
  }

  async #list(
    options: SignalOptions,
  ): Promise<ReadonlyMap<string, readonly string[]>> {
    const source = this.#source;
    if (!can(source, "listTags")) throw unsupported("tags");
    const found = new Map<string, string[]>();
    for await (const tag of source.listTags(options)) {
      const dot = tag.indexOf(".");
      // Without a suffix it is a list of referrers, which these stand for themselves.
      if (dot < 0 || !isDigestTag(tag)) continue;
      const stem = tag.slice(0, dot);
      const list = found.get(stem);
      if (list === undefined) found.set(stem, [tag]);
      else list.push(tag);
    }
    return found;
  }
}

function unsupported(what: string): StoreError {
  return new StoreError(
    "STORE_UNSUPPORTED",
    `Cannot find what belongs to a manifest: the source does not list ${what}`,
  );
}
