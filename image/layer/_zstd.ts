import { LayerError } from "./errors.ts";

/** What is used of the decoder's WebAssembly. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  malloc(size: number): number;
  ZSTD_createDCtx(): number;
  /** What it returns is an error's code, 0 at a frame's end, or how much it wants. */
  ZSTD_decompressStream(context: number, output: number, input: number): number;
}

/** How much goes in and comes out at once. */
const INPUT = 64 * 1024;
const OUTPUT = 128 * 1024;
/** A buffer is described by three 32-bit words: its place, its size, the position. */
const WORD = 4;
/** Results above this are errors, negated. */
const LARGEST = 2 ** 32 - 120;

/** The decoder's code, compiled once. */
let compiled: Promise<WebAssembly.Module> | undefined;

async function compile(): Promise<WebAssembly.Module> {
  const { ZSTDDecoder } = await import("zstddec/stream");
  const done = Promise.withResolvers<WebAssembly.Module>();
  // Each stream gets memory of its own, which the decoder's own class does not give.
  class Loader extends ZSTDDecoder {
    override _init(result: WebAssembly.WebAssemblyInstantiatedSource): void {
      done.resolve(result.module);
    }
  }
  await new Loader().init();
  return await done.promise;
}

/**
 * Decompresses zstd by WebAssembly: everywhere the same, faster than Deno's
 * `node:zlib`, which a damaged stream ends together with the whole process. Any
 * number of frames may follow each other; a window above 128 MiB is refused.
 *
 * @throws {LayerError} The content is damaged or ends early.
 */
export async function* decompressZstd(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const module = await (compiled ??= compile());
  const instance = await WebAssembly.instantiate(module, {
    env: { emscripten_notify_memory_growth(): void {} },
  });
  const wasm = instance.exports as unknown as Exports;
  const input = wasm.malloc(INPUT);
  const output = wasm.malloc(OUTPUT);
  const inputWords = wasm.malloc(6 * WORD);
  const outputWords = inputWords + 3 * WORD;
  const context = wasm.ZSTD_createDCtx();
  let wanted = 0;
  for await (const chunk of source) {
    for (let start = 0; start < chunk.byteLength; start += INPUT) {
      const part = chunk.subarray(start, start + INPUT);
      new Uint8Array(wasm.memory.buffer).set(part, input);
      describe(wasm.memory, inputWords, input, part.byteLength);
      while (true) {
        describe(wasm.memory, outputWords, output, OUTPUT);
        wanted =
          wasm.ZSTD_decompressStream(context, outputWords, inputWords) >>>
          0;
        if (wanted > LARGEST) throw damaged(`error ${2 ** 32 - wanted}`);
        // The memory may have grown, which replaces its buffer.
        const { buffer } = wasm.memory;
        const view = new DataView(buffer);
        const made = view.getUint32(outputWords + 2 * WORD, true);
        const taken = view.getUint32(inputWords + 2 * WORD, true);
        if (made > 0) yield new Uint8Array(buffer, output, made).slice();
        // At a frame's end, another call would ask for the next frame.
        if (taken === part.byteLength && (made < OUTPUT || wanted === 0)) break;
      }
    }
  }
  if (wanted !== 0) throw damaged("it ends early");
}

function describe(
  { buffer }: WebAssembly.Memory,
  words: number,
  place: number,
  size: number,
): void {
  const view = new DataView(buffer);
  view.setUint32(words, place, true);
  view.setUint32(words + WORD, size, true);
  view.setUint32(words + 2 * WORD, 0, true);
}

function damaged(what: string): LayerError {
  return new LayerError(
    "LAYER_INVALID",
    `Cannot decompress layer: its zstd is damaged, ${what}`,
  );
}
