/** What is used of a `node:zlib` stream. */
export interface ZlibEngine extends AsyncIterable<Uint8Array<ArrayBuffer>> {
  /** How many bytes it has taken of what was written. */
  readonly bytesWritten: number;
  write(chunk: Uint8Array, taken?: () => void): boolean;
  end(): void;
  destroy(error?: unknown): void;
  on(event: string, listener: (error?: unknown) => void): unknown;
  off(event: string, listener: (error?: unknown) => void): unknown;
}

/** What is used of the options of `node:zlib`. */
export interface DeflateOptions {
  readonly level?: number;
  readonly chunkSize?: number;
  readonly finishFlush?: number;
  readonly strategy?: number;
}

/** What is used of `node:zlib`. */
export interface Zlib {
  readonly constants: {
    readonly Z_RLE: number;
    readonly Z_SYNC_FLUSH: number;
  };
  crc32(data: Uint8Array, value?: number): number;
  deflateRaw(
    block: Uint8Array,
    options: DeflateOptions,
    done: (error: Error | null, deflated: Uint8Array<ArrayBuffer>) => void,
  ): void;
  createGunzip(options?: { chunkSize?: number }): ZlibEngine;
  createZstdCompress?(options?: { chunkSize?: number }): ZlibEngine;
}

interface NodeProcess {
  getBuiltinModule?(name: string): unknown;
}

/**
 * `node:zlib`, or undefined where the runtime has none. It is found at run time and
 * not imported, so that the import graph stays portable.
 */
export function nodeZlib(): Zlib | undefined {
  const { process } = globalThis as { process?: NodeProcess };
  const zlib = process?.getBuiltinModule?.("node:zlib") as Zlib | undefined;
  return typeof zlib?.crc32 === "function" ? zlib : undefined;
}

/**
 * Passes pieces through an engine. A failure of the source comes out as it is; the
 * engine is destroyed however the iteration ends.
 */
export async function* through(
  source: AsyncIterable<Uint8Array>,
  engine: ZlibEngine,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  // The iteration below reports errors; some come with no iteration waiting.
  engine.on("error", () => {});
  const stop = new AbortController();
  const feeding = feed(source, engine, stop.signal);
  // The engine's own iteration fails with the same error.
  feeding.catch(() => {});
  try {
    for await (const chunk of engine) yield chunk;
  } finally {
    stop.abort();
    engine.destroy();
    await feeding;
  }
}

async function feed(
  source: AsyncIterable<Uint8Array>,
  engine: ZlibEngine,
  stopped: AbortSignal,
): Promise<void> {
  try {
    for await (const chunk of source) {
      if (stopped.aborted) return;
      if (!engine.write(chunk)) await drained(engine, stopped);
      if (stopped.aborted) return;
    }
    engine.end();
  } catch (error) {
    engine.destroy(error);
  }
}

/** Waits until the engine takes more, or never will. */
function drained(engine: ZlibEngine, stopped: AbortSignal): Promise<void> {
  if (stopped.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const events = ["drain", "close", "error"];
    function done(): void {
      for (const event of events) engine.off(event, done);
      stopped.removeEventListener("abort", done);
      resolve();
    }
    for (const event of events) engine.on(event, done);
    stopped.addEventListener("abort", done);
  });
}
