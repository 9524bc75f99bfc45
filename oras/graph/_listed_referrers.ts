import { BoundedCache } from "../../distribution/_bounded_cache.ts";
import { OciError } from "../../digest/oci_error.ts";
import type { SignalOptions } from "../../distribution/signal_options.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import { can } from "../store.ts";

/** Of so many subjects it is kept what refers to them. */
const MAX_SUBJECTS = 256;

/** What a target lists as referrers, asked once for each subject. */
export class ListedReferrers {
  readonly #target: object;
  readonly #found = new BoundedCache<Promise<ReadonlySet<string>>>(
    MAX_SUBJECTS,
  );

  constructor(target: object) {
    this.#target = target;
  }

  /**
   * Whether a manifest that the target has is listed, where the target can tell: a copy
   * that ended between the manifest and the list has left it unlisted.
   */
  async has(
    subject: Descriptor,
    digest: string,
    options: SignalOptions,
  ): Promise<boolean> {
    if (!can(this.#target, "listReferrers")) return true;
    let found = this.#found.get(subject.digest);
    if (found === undefined) {
      found = this.#list(subject, options);
      this.#found.set(subject.digest, found);
    }
    return (await found).has(digest);
  }

  async #list(
    subject: Descriptor,
    options: SignalOptions,
  ): Promise<ReadonlySet<string>> {
    const found = new Set<string>();
    const target = this.#target;
    if (!can(target, "listReferrers")) return found;
    try {
      for await (const { digest } of target.listReferrers(subject, options)) {
        found.add(digest);
      }
    } catch (error) {
      options.signal?.throwIfAborted();
      // What is listed twice does no harm: so what is not known is not listed.
      if (!(error instanceof OciError)) throw error;
    }
    return found;
  }
}
