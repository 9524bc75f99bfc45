import { compressionAt } from "../../image/layer/_magic.ts";
import { BLOCK, parseBlock } from "../../image/layer/_tar_block.ts";
import { LayerError } from "../../image/layer/errors.ts";
import { validateLayer } from "../../image/layer/validate_layer.ts";
import type { Verdict } from "./_validate_document.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Content that was looked at, and is still to be read from its start. */
export interface Opened {
  /** Whether it begins as a layer does, and as no document can. */
  readonly isLayer: boolean;
  /** All of it. */
  readonly content: AsyncIterable<Bytes>;
}

/** Looks at how content begins: compressed, or with the header of an entry. */
export async function lookInto(source: AsyncIterable<Bytes>): Promise<Opened> {
  const iterator = source[Symbol.asyncIterator]();
  const head = new Uint8Array(BLOCK);
  const held: Bytes[] = [];
  let size = 0;
  while (size < BLOCK) {
    const { value, done } = await iterator.next();
    if (done) break;
    held.push(value);
    head.set(value.subarray(0, BLOCK - size), size);
    size += value.byteLength;
  }
  async function* content(): AsyncGenerator<Bytes, void, undefined> {
    try {
      yield* held;
      while (true) {
        const { value, done } = await iterator.next();
        if (done) return;
        yield value;
      }
    } finally {
      await iterator.return?.();
    }
  }
  const isLayer = compressionAt(head) !== "none" ||
    size >= BLOCK && isHeader(head);
  return { isLayer, content: content() };
}

/** Whether a block is a header whose checksum is right, or the zeros of an empty archive. */
function isHeader(block: Bytes): boolean {
  try {
    parseBlock(block);
    return true;
  } catch (error) {
    if (error instanceof LayerError) return false;
    throw error;
  }
}

/** Reads content to its end, but no more than a piece over a limit. */
export async function collect(
  content: AsyncIterable<Bytes>,
  limit: number,
  signal: AbortSignal,
): Promise<Bytes> {
  const pieces: Bytes[] = [];
  let size = 0;
  for await (const piece of content) {
    signal.throwIfAborted();
    pieces.push(piece);
    size += piece.byteLength;
    if (size > limit) break;
  }
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.byteLength;
  }
  return whole;
}

/** Validates a layer, however it is compressed. */
export async function judgeLayer(
  content: AsyncIterable<Bytes>,
  signal: AbortSignal,
): Promise<Verdict> {
  const issues = await validateLayer(content, { signal });
  return { valid: issues.length === 0, type: "layer", issues };
}
