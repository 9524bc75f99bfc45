import { tapStream } from "../../digest/_tap_stream.ts";
import type { Source } from "../../distribution/source.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import type { Fetcher } from "../store.ts";

type Bytes = ReadableStream<Uint8Array<ArrayBuffer>>;

/** How a {@linkcode Transfer} reads. */
export interface TransferOptions {
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Told when reading begins, anew each time. */
  readonly onOpen: () => void;
}

/** Content of one store on its way to another: a source that remembers why it failed. */
export class Transfer implements Source {
  /** The size in bytes. */
  readonly size: number;
  /** Why reading failed, where it did. */
  failure: { readonly error: unknown } | undefined;
  readonly #store: Fetcher;
  readonly #descriptor: Descriptor;
  readonly #options: TransferOptions;
  #ahead: Promise<Bytes> | undefined;

  constructor(
    store: Fetcher,
    descriptor: Descriptor,
    options: TransferOptions,
  ) {
    this.size = descriptor.size;
    this.#store = store;
    this.#descriptor = descriptor;
    this.#options = options;
  }

  /** Begins to fetch, so that this takes no time of its own where content surely is wanted. */
  begin(): void {
    const { signal } = this.#options;
    this.#ahead = this.#store.fetch(this.#descriptor, { signal });
    // Who opens it sees the failure; it may never be opened.
    this.#ahead.catch(() => {});
  }

  async open(offset = 0): Promise<Bytes> {
    this.failure = undefined;
    const { onOpen, signal } = this.#options;
    onOpen();
    try {
      let stream: Bytes;
      if (offset === 0 && this.#ahead !== undefined) {
        const ahead = this.#ahead;
        this.#ahead = undefined;
        stream = await ahead;
      } else {
        stream = await this.#store.fetch(this.#descriptor, { offset, signal });
      }
      return tapStream(stream, {
        chunk() {},
        fail: (error) => this.failure = { error },
      });
    } catch (error) {
      this.failure = { error };
      throw error;
    }
  }

  /** Lets go of what was fetched and not wanted. */
  async close(): Promise<void> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    const stream = await ahead?.catch(() => undefined);
    await stream?.cancel().catch(() => {});
  }
}
