import { damagedGzip } from "./_gunzip.ts";
import type { Zlib, ZlibEngine } from "./_node_zlib.ts";

/** The size of what the engine gives out at once. */
const CHUNK = 64 * 1024;

/**
 * Decompresses gzip by `node:zlib`, as `gunzip` does by itself: any number of members,
 * and zeros behind them. At zeros the engine ends and says nothing of what follows
 * them, which would be lost.
 *
 * @throws {LayerError} Something that is no zero follows zeros. Damage is the engine's to report.
 */
export async function* gunzipByNode(
  source: AsyncIterable<Uint8Array>,
  zlib: Zlib,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const engine = zlib.createGunzip({ chunkSize: CHUNK });
  // The iteration below reports errors; some come with no iteration waiting.
  engine.on("error", () => {});
  const stop = new AbortController();
  const feeding = feed(source, engine, stop.signal);
  feeding.catch(() => {});
  try {
    for await (const chunk of engine) yield chunk;
    // What is left is read once all that was made has been taken.
    await feeding;
  } finally {
    stop.abort();
    engine.destroy();
    await feeding.catch(() => {});
  }
}

/** Gives the engine all up to its end, and makes sure that zeros are all that is left. */
async function feed(
  source: AsyncIterable<Uint8Array>,
  engine: ZlibEngine,
  stopped: AbortSignal,
): Promise<void> {
  let inZeros = false;
  try {
    for await (const chunk of source) {
      let rest = chunk;
      if (!inZeros) {
        const before = engine.bytesWritten;
        await written(engine, chunk, stopped);
        if (stopped.aborted) return;
        rest = chunk.subarray(engine.bytesWritten - before);
        inZeros = rest.byteLength > 0;
      }
      if (rest.some((byte) => byte !== 0)) {
        throw damagedGzip("something follows it");
      }
    }
    engine.end();
  } catch (error) {
    engine.destroy(error);
    throw error;
  }
}

/** Waits until the engine has taken all that it wants of a piece, or never will. */
function written(
  engine: ZlibEngine,
  chunk: Uint8Array,
  stopped: AbortSignal,
): Promise<void> {
  if (stopped.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    function done(): void {
      engine.off("close", done);
      engine.off("error", done);
      stopped.removeEventListener("abort", done);
      resolve();
    }
    engine.on("close", done);
    engine.on("error", done);
    stopped.addEventListener("abort", done);
    engine.write(chunk, done);
  });
}
