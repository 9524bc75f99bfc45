import { errorCode } from "../../../digest/_error_code.ts";
import { preview } from "../../../digest/_preview.ts";
import { byobReader } from "../../../digest/_tap_stream.ts";
import { Digest } from "../../../digest/digest.ts";
import { DigestMismatchError } from "../../../digest/errors.ts";
import { createHasher, type Hasher } from "../../../digest/hasher.ts";
import { type Compression, decompress } from "../compression.ts";
import { LayerError, LayerLimitError } from "../errors.ts";
import { type ArchiveEntry, TarReader } from "../_tar_reader.ts";
import type { ExtractLimits } from "./extract_limits.ts";

/** What is known of a layer before it is read. */
export interface LayerCheck {
  /** How it is compressed. */
  readonly compression: Compression | "auto";
  /** The digest that the uncompressed archive must have. */
  readonly diffId?: string | undefined;
  /** The digest that the layer must have as it is stored. */
  readonly digest?: string | undefined;
  /** The size that the layer must have as it is stored. */
  readonly size?: number | undefined;
  /** How much it may unpack to. */
  readonly limits: Required<ExtractLimits>;
  /** Stops the work. */
  readonly signal?: AbortSignal | undefined;
}

/** What a layer turned out to be. */
export interface ReadLayer {
  /** The digest of the uncompressed archive. */
  readonly diffId: string;
  /** The size of the uncompressed archive in bytes. */
  readonly size: number;
  /** The number of entries. */
  readonly entries: number;
}

/** Takes an entry. */
export type EntryVisitor = (entry: ArchiveEntry) => void | Promise<void>;

/** Below this, a ratio says nothing: a layer of zeros is small either way. */
const RATIO_FLOOR = 64 * 1024 * 1024;

/**
 * Reads a layer to its end, gives its entries out, keeps to the limits and checks
 * the digests last: what the visitor wrote must not count before this returns.
 */
export async function readLayer(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  check: LayerCheck,
  visit: EntryVisitor,
): Promise<ReadLayer> {
  const { limits } = check;
  const diffId = parse(check.diffId);
  const digest = parse(check.digest);
  const plain = createHasher(diffId?.algorithm);
  const stored = digest && createHasher(digest.algorithm);
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
  async function* counted(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for await (const chunk of abortable(stream, check.signal)) {
      read += chunk.byteLength;
      if (check.size !== undefined && read > check.size) {
        throw wrongSize(check.size, "more");
      }
      if (stored !== undefined) await update(stored, chunk);
      yield chunk;
    }
    ended = true;
  }
  async function* tar(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for await (const chunk of decompress(counted(), check.compression)) {
      size += chunk.byteLength;
      checkSize();
      await update(plain, chunk);
      yield chunk;
    }
  }
  let entries = 0;
  const archive = new TarReader(tar());
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
      try {
        const visiting = visit(entry);
        if (visiting !== undefined) await visiting;
      } catch (error) {
        throw explain(error, entry.header.name);
      }
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
  await compare(digest, stored);
  const found = await compare(diffId, plain);
  return { diffId: String(found), size, entries };
}

/** What a file system says of a name or a link that it cannot hold. */
const UNFIT: ReadonlySet<unknown> = new Set([
  // Where it has two names for the same, by their case or their composition.
  "EEXIST",
  "EILSEQ",
  "EINVAL",
  "ELOOP",
  "EMLINK",
  "ENAMETOOLONG",
]);

/** An entry that the file system cannot hold is named as it stands in the archive. */
function explain(error: unknown, name: string): unknown {
  if (!(error instanceof Error) || error instanceof LayerError) return error;
  const code = errorCode(error);
  if (!UNFIT.has(code)) return error;
  return new LayerError(
    "LAYER_CONFLICT",
    `Cannot unpack entry ${
      preview(name)
    }: the file system cannot hold it (${code})`,
    { cause: error },
  );
}

function parse(text: string | undefined): Digest | undefined {
  return text === undefined ? undefined : Digest.parse(text);
}

async function compare(
  expected: Digest | undefined,
  hasher: Hasher | undefined,
): Promise<Digest | undefined> {
  const found = await hasher?.digest();
  if (expected !== undefined && !found?.equals(expected)) {
    throw new DigestMismatchError(String(expected), String(found));
  }
  return found;
}

function wrongSize(expected: number, found: string): LayerError {
  return new LayerError(
    "LAYER_INVALID",
    `Cannot read layer: expected ${expected} bytes, found ${found}`,
  );
}

async function update(hasher: Hasher, piece: Uint8Array): Promise<void> {
  const pending = hasher.update(piece);
  if (pending !== undefined) await pending;
}

/**
 * How much is asked for at once of a stream that fills buffers, and how many of
 * these there are: one is worked on, one is written, one is being filled.
 */
const STEP = 1024 * 1024;
const BUFFERS = 3;

type Reader = Pick<ReadableStreamBYOBReader, "cancel" | "releaseLock"> & {
  next(): Promise<{ value?: Uint8Array<ArrayBuffer>; done: boolean }>;
};

/**
 * Larger pieces where the stream can give them: a fifth of the time of small ones.
 * Their memory is used again, so that a piece is good until the second one after it
 * is asked for.
 */
function readerOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Reader {
  const reader = byobReader(stream);
  if (reader === undefined) {
    const plain = stream.getReader();
    return Object.assign(plain, { next: () => plain.read() });
  }
  const ring: ArrayBuffer[] = [];
  return Object.assign(reader, {
    async next() {
      const buffer = ring.length < BUFFERS
        ? new ArrayBuffer(STEP)
        : ring.shift()!;
      const { value, done } = await reader.read(new Uint8Array(buffer), {
        min: STEP,
      });
      if (value !== undefined) ring.push(value.buffer);
      return { ...value !== undefined && { value }, done };
    },
  });
}

/** A stream's pieces, read ahead by one; an abort ends even a read that waits. */
async function* abortable(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const reader = readerOf(stream);
  function abort(): void {
    reader.cancel(signal!.reason).catch(() => {});
  }
  signal?.addEventListener("abort", abort);
  let ended = false;
  try {
    signal?.throwIfAborted();
    let reading = reader.next();
    while (true) {
      const { value, done } = await reading;
      // A cancelled stream looks like one that ended.
      signal?.throwIfAborted();
      if (!done) {
        reading = reader.next();
        // It may fail before anybody waits for it.
        reading.catch(() => {});
      }
      if (value !== undefined && value.byteLength > 0) yield value;
      if (done) break;
    }
    ended = true;
  } finally {
    signal?.removeEventListener("abort", abort);
    if (!ended) await reader.cancel(signal?.reason).catch(() => {});
    reader.releaseLock();
  }
}
