import { type Compression, decompress } from "./compression.ts";
import { LayerError, LayerLimitError } from "./errors.ts";
import type { ExtractLimits } from "./extract_limits.ts";
import { piecesOf } from "./_pieces.ts";
import { type ArchiveEntry, TarReader } from "./_tar_reader.ts";

/** How a layer is read. */
export interface ArchiveCheck {
  /** How it is compressed. */
  readonly compression: Compression | "auto";
  /** The size that it must have as it is stored. */
  readonly size?: number | undefined;
  /** How much it may unpack to. */
  readonly limits: Required<ExtractLimits>;
  /** Stops the work. */
  readonly signal?: AbortSignal | undefined;
  /** Sees each piece as it is stored. */
  onStored?(piece: Uint8Array<ArrayBuffer>): void | Promise<void>;
  /** Sees each piece of the uncompressed archive. */
  onPlain?(piece: Uint8Array<ArrayBuffer>): void | Promise<void>;
}

/** What was read. */
export interface ReadArchive {
  /** The size of the uncompressed archive in bytes. */
  readonly size: number;
  /** The number of entries. */
  readonly entries: number;
}

/** Takes an entry. */
export type EntryVisitor = (entry: ArchiveEntry) => void | Promise<void>;

/** Below this, a ratio says nothing: a layer of zeros is small either way. */
const RATIO_FLOOR = 64 * 1024 * 1024;

/** Reads a layer to its very end within limits, and gives its entries out. */
export async function readArchive(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  check: ArchiveCheck,
  visit: EntryVisitor,
): Promise<ReadArchive> {
  const { compression, limits, signal } = check;
  let read = 0;
  let size = 0;
  let holes = 0;
  let ended = false;
  function checkSize(): void {
    const whole = size + holes;
    if (whole > limits.maxBytes) {
      throw new LayerLimitError(`at most ${limits.maxBytes} bytes in all`);
    }
    if (whole > RATIO_FLOOR && whole > read * limits.maxRatio) {
      throw new LayerLimitError(
        `at most ${limits.maxRatio} bytes for each byte read`,
      );
    }
  }
  async function* stored(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for await (const piece of piecesOf(stream, signal)) {
      read += piece.byteLength;
      if (check.size !== undefined && read > check.size) {
        throw wrongSize(check.size, "more");
      }
      const pending = check.onStored?.(piece);
      if (pending !== undefined) await pending;
      yield piece;
    }
    ended = true;
  }
  async function* plain(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for await (const piece of decompress(stored(), compression, { signal })) {
      size += piece.byteLength;
      checkSize();
      const pending = check.onPlain?.(piece);
      if (pending !== undefined) await pending;
      yield piece;
    }
  }
  let entries = 0;
  const archive = new TarReader(plain());
  try {
    while (true) {
      const next = archive.next();
      const entry = next instanceof Promise ? await next : next;
      if (entry === undefined) break;
      if (++entries > limits.maxEntries) {
        throw new LayerLimitError(`at most ${limits.maxEntries} entries`);
      }
      if (entry.holes > 0) {
        holes += entry.holes;
        checkSize();
      }
      const visiting = visit(entry);
      if (visiting !== undefined) await visiting;
    }
  } finally {
    await archive.close();
  }
  if (!ended) {
    throw new LayerError(
      "LAYER_INVALID",
      "Cannot read layer: expected nothing after its compressed content",
    );
  }
  if (check.size !== undefined && read !== check.size) {
    throw wrongSize(check.size, String(read));
  }
  return { size, entries };
}

function wrongSize(expected: number, found: string): LayerError {
  return new LayerError(
    "LAYER_INVALID",
    `Cannot read layer: expected ${expected} bytes, found ${found}`,
  );
}
