import type { DeflateOptions } from "./_node_zlib.ts";

/** What is used of a worker; that of the web's own interfaces is not known to every runtime. */
interface WorkerLike {
  postMessage(message: unknown, transfer: readonly ArrayBuffer[]): void;
  terminate(): void;
  onmessage: ((event: { readonly data: Answer }) => void) | null;
  onerror: ((event: Event & { readonly message?: string }) => void) | null;
}

/** A compressed block, and the memory of what it was made of. */
export interface Deflated {
  readonly deflated: Uint8Array<ArrayBuffer>;
  readonly block: Uint8Array<ArrayBuffer>;
}

/** That it is ready, a compressed block, or why there is none. */
type Answer =
  | { readonly ready: true }
  | (Deflated & { readonly ready?: never; readonly error?: never })
  | { readonly ready?: never; readonly error: string };

/** A text and no file, so that a bundle, a compiled program and a run without rights have it too. */
const PROGRAM = `
const zlib = process.getBuiltinModule("node:zlib");
onmessage = ({ data: { block, options } }) => {
  try {
    const deflated = new Uint8Array(zlib.deflateRawSync(block, options));
    postMessage({ deflated, block }, [deflated.buffer, block.buffer]);
  } catch (error) {
    postMessage({ error: String(error) });
  }
};
postMessage({ ready: true });
`;

/**
 * After so many milliseconds without a block a thread ends: it would keep the process
 * from ending, that of a stream too which nobody reads on or cancels.
 */
const IDLE = 500;

/** How many threads there are, of all streams. */
let living = 0;

/** A thread that compresses blocks, in the order in which it gets them. */
export class DeflateWorker {
  readonly #worker: WorkerLike;
  readonly #waiting: PromiseWithResolvers<Deflated>[] = [];
  #state: "starting" | "ready" | "idle" | "ended" = "starting";
  #idling: ReturnType<typeof setTimeout> | undefined;

  /** How many threads there are, of all streams. */
  static get living(): number {
    return living;
  }

  /** Starts the thread. */
  constructor() {
    const { Worker } = globalThis as unknown as {
      Worker: new (url: string, options: { type: "module" }) => WorkerLike;
    };
    const url = `data:text/javascript,${encodeURIComponent(PROGRAM)}`;
    this.#worker = new Worker(url, { type: "module" });
    living++;
    this.#worker.onmessage = ({ data }) => this.#answered(data);
    this.#worker.onerror = (event) => {
      // It is told to whoever waits; a thread that could not start is done without.
      event.preventDefault();
      this.#end(new Error(`A compressing thread failed: ${event.message}`));
    };
  }

  /** Whether the thread takes blocks. */
  get isReady(): boolean {
    return this.#state === "ready";
  }

  /** Whether the thread has ended since it had nothing to do; another one may take its place. */
  get isIdle(): boolean {
    return this.#state === "idle";
  }

  /** How many blocks it has. */
  get load(): number {
    return this.#waiting.length;
  }

  /** Compresses a block, whose memory goes to the thread. */
  deflate(
    block: Uint8Array<ArrayBuffer>,
    options: DeflateOptions,
  ): Promise<Deflated> {
    const waiting = Promise.withResolvers<Deflated>();
    this.#waiting.push(waiting);
    clearTimeout(this.#idling);
    this.#worker.postMessage({ block, options }, [block.buffer]);
    return waiting.promise;
  }

  /** Ends the thread. What is under way fails. */
  close(): void {
    this.#end(new DOMException("The stream was cancelled", "AbortError"));
  }

  get #hasEnded(): boolean {
    return this.#state === "ended" || this.#state === "idle";
  }

  #answered(answer: Answer): void {
    if (this.#hasEnded) return;
    if (answer.ready) {
      this.#state = "ready";
      return this.#rest();
    }
    const waiting = this.#waiting.shift();
    if (this.#waiting.length === 0) this.#rest();
    if (answer.error === undefined) waiting?.resolve(answer);
    else waiting?.reject(new Error(answer.error));
  }

  #rest(): void {
    this.#idling = setTimeout(() => this.#end(undefined, "idle"), IDLE);
  }

  #end(error: unknown, state: "ended" | "idle" = "ended"): void {
    if (this.#hasEnded) return;
    this.#state = state;
    living--;
    clearTimeout(this.#idling);
    this.#worker.terminate();
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
