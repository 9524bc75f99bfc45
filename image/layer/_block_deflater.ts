import { type Deflated, DeflateWorker } from "./_deflate_worker.ts";
import type { DeflateOptions, Zlib } from "./_node_zlib.ts";

/**
 * How much is compressed on its own. What is compressed depends on this alone, and
 * not on the sizes of the pieces or on how many threads there are.
 */
export const BLOCK: number = 1024 * 1024;

/** The size of what zlib gives out at once; in Deno, its output depends on it. */
const CHUNK = 64 * 1024;

/** How many blocks are compressed in the caller's thread before others are started, which takes some 30 ms. */
const ALONE = 3;
/** Each takes about 60 MB. */
const MOST_WORKERS = 2;
/** However many streams are compressed at once. */
const MOST_IN_ALL = 4;
/** How many blocks a worker has: one to work on, one to go on with. */
const DEPTH = 2;

/** Above this level, somebody wants the smallest output, whatever it takes. */
const USUAL_LEVEL = 6;
/** How much of a block is tried out, from how many places of it, and how hard. */
const PROBE = 64 * 1024;
const SPOTS = 4;
const PROBE_LEVEL = 3;
/** The search is left out where it makes less than this of a probe's size. */
const GAIN = 0.03;

/** Compresses blocks, in threads beside the caller's where that pays. */
export class BlockDeflater {
  readonly #zlib: Zlib;
  readonly #options: DeflateOptions & { readonly level: number };
  #workers: DeflateWorker[] = [];
  /** Blocks to use again: fresh memory costs more than the work on it. */
  readonly #spare: Uint8Array<ArrayBuffer>[] = [];
  #alone = 0;
  #isAlone = false;

  /** Takes zlib and its level. */
  constructor(zlib: Zlib, level: number) {
    const { Z_SYNC_FLUSH } = zlib.constants;
    this.#zlib = zlib;
    this.#options = { level, chunkSize: CHUNK, finishFlush: Z_SYNC_FLUSH };
  }

  /** How many blocks should be under way at once. */
  get width(): number {
    // Elsewhere than in Deno, zlib has threads of its own.
    if (!IS_DENO) return threads();
    return 1 + this.#ready().length * DEPTH;
  }

  /** Memory for a block, with anything in it. */
  takeBlock(): Uint8Array<ArrayBuffer> {
    return this.#spare.pop() ?? new Uint8Array(BLOCK);
  }

  /** Compresses a block, whose memory is the deflater's from now on. */
  async deflate(
    block: Uint8Array<ArrayBuffer>,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const { block: spare, deflated } = await this.#isDense(block)
      ? await this.#runs(block)
      : await this.#whole(block);
    if (spare.byteLength === BLOCK) this.#spare.push(spare);
    return deflated;
  }

  /** Ends all threads. What is under way in them fails. */
  close(): void {
    for (const worker of this.#workers) worker.close();
  }

  /**
   * Whether a block holds next to nothing that stands in it twice, as what is
   * compressed or encrypted already: the search for it would take most of the time.
   */
  async #isDense(block: Uint8Array<ArrayBuffer>): Promise<boolean> {
    if (this.#options.level > USUAL_LEVEL) return false;
    if (block.byteLength < 2 * PROBE) return false;
    const probe = new Uint8Array(PROBE);
    const length = PROBE / SPOTS;
    for (let spot = 0; spot < SPOTS; spot++) {
      const start = Math.floor(spot * block.byteLength / SPOTS);
      probe.set(block.subarray(start, start + length), spot * length);
    }
    const { deflated: runs } = await this.#runs(probe, PROBE_LEVEL);
    const { deflated: whole } = await this.#here(probe, { level: PROBE_LEVEL });
    return whole.byteLength > (1 - GAIN) * runs.byteLength;
  }

  /** With a search for runs of one byte only. */
  async #runs(
    block: Uint8Array<ArrayBuffer>,
    level: number = this.#options.level,
  ): Promise<Deflated> {
    const { Z_RLE } = this.#zlib.constants;
    return await this.#here(block, { level, strategy: Z_RLE });
  }

  /** With the search that the level asks for. */
  async #whole(block: Uint8Array<ArrayBuffer>): Promise<Deflated> {
    const [idlest] = this.#ready().toSorted((a, b) => a.load - b.load);
    if (idlest !== undefined && idlest.load < DEPTH) {
      return await idlest.deflate(block, this.#options);
    }
    if (++this.#alone % ALONE === 0) this.#start();
    return await this.#here(block);
  }

  #here(
    block: Uint8Array<ArrayBuffer>,
    options: DeflateOptions = {},
  ): Promise<Deflated> {
    return new Promise((resolve, reject) => {
      this.#zlib.deflateRaw(
        block,
        { ...this.#options, ...options },
        (error, deflated) =>
          error ? reject(error) : resolve({ block, deflated }),
      );
    });
  }

  #start(): void {
    if (!IS_DENO || this.#isAlone) return;
    this.#workers = this.#workers.filter(({ isIdle }) => !isIdle);
    const most = Math.min(threads() - 1, MOST_WORKERS);
    try {
      while (
        this.#workers.length < most && DeflateWorker.living < MOST_IN_ALL
      ) this.#workers.push(new DeflateWorker());
    } catch {
      // Some places have no workers, or allow none.
      this.#isAlone = true;
    }
  }

  #ready(): readonly DeflateWorker[] {
    return this.#workers.filter(({ isReady }) => isReady);
  }
}

const IS_DENO = "Deno" in globalThis;

/** How many threads can run at once. */
function threads(): number {
  // Node has it from version 21 on, and some browsers do not tell.
  return globalThis.navigator?.hardwareConcurrency ?? 1;
}
