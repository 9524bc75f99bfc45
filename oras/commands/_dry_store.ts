import type {
  FetchContentOptions,
  PushContentOptions,
  PushContentResult,
} from "../../distribution/content_options.ts";
import type { SignalOptions } from "../../distribution/signal_options.ts";
import type { Source } from "../../distribution/source.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import type { Store } from "../store.ts";

/** A store that reads what another has, and takes everything without keeping it: for `--dry-run`. */
export function withoutWriting(store: Store): Store {
  return new DryStore(store);
}

class DryStore implements Store {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  fetch(
    descriptor: Descriptor,
    options?: FetchContentOptions,
  ): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    return this.#store.fetch(descriptor, options);
  }

  exists(descriptor: Descriptor, options?: SignalOptions): Promise<boolean> {
    return this.#store.exists(descriptor, options);
  }

  resolve(reference: string, options?: SignalOptions): Promise<Descriptor> {
    return this.#store.resolve(reference, options);
  }

  push(
    _descriptor: Descriptor,
    _source: Source,
    _options?: PushContentOptions,
  ): Promise<PushContentResult> {
    return Promise.resolve("uploaded");
  }

  tag(): Promise<void> {
    return Promise.resolve();
  }
}
