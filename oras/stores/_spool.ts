import { byteReader } from "../../digest/_tap_stream.ts";
import { Digest } from "../../digest/digest.ts";
import { createHasher } from "../../digest/hasher.ts";
import { DigestMismatchError } from "../../digest/errors.ts";
import type { SignalOptions } from "../../distribution/signal_options.ts";
import type { Source } from "../../distribution/source.ts";
import {
  compress,
  type Compression,
  decompress,
  toStream,
} from "../../image/layer/compression.ts";

type Pieces = AsyncIterable<Uint8Array<ArrayBuffer>>;

/**
 * Keeps content that took work to make, such as in a temporary file, and gives it as
 * a source. It reads the content to its end.
 */
export type Spool = (
  content: ReadableStream<Uint8Array<ArrayBuffer>>,
) => Promise<Source>;

/** Content that was made of other content. */
export interface Converted {
  /** Its digest. */
  readonly digest: string;
  /** The content. */
  readonly source: Source;
}

/** How content is converted. */
export interface ConvertOptions extends SignalOptions {
  /** The digest that the uncompressed content must have. */
  readonly diffId: string;
  /** Where the result is kept; it is made anew for each reading otherwise. */
  readonly spool?: Spool | undefined;
}

/** The size of the pieces that are compressed, on which the result depends. */
const BLOCK = 64 * 1024;

/** Compresses a tar by gzip. */
export function compressed(
  tar: Source,
  options: ConvertOptions,
): Promise<Converted> {
  return convert(
    tar,
    options,
    (pieces, check) => compress(check(pieces), "gzip"),
  );
}

/** Decompresses a layer. */
export function expanded(
  layer: Source,
  compression: Compression | "auto",
  options: ConvertOptions,
): Promise<Converted> {
  return convert(
    layer,
    options,
    (pieces, check, signal) =>
      check(decompress(pieces, compression, { signal })),
  );
}

/** Takes the digest of a compressed layer, and checks what is in it. */
export async function inspected(
  layer: Source,
  { diffId, signal }: ConvertOptions,
): Promise<string> {
  const hasher = createHasher();
  async function* seen(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for await (const piece of blocks(layer, signal)) {
      await hasher.update(piece);
      yield piece;
    }
  }
  for await (
    const _ of checked(decompress(seen(), "auto", { signal }), diffId)
  ) {
    /* To the end. */
  }
  return String(await hasher.digest());
}

async function convert(
  from: Source,
  { diffId, signal, spool }: ConvertOptions,
  way: (
    pieces: Pieces,
    check: (tar: Pieces) => Pieces,
    signal: AbortSignal | undefined,
  ) => Pieces,
): Promise<Converted> {
  const hasher = createHasher();
  let size = 0;
  const make = (isFirst: boolean): Pieces => {
    // The source is read again long after this work is done.
    const stop = isFirst ? signal : undefined;
    return way(
      blocks(from, stop),
      (tar) => isFirst ? checked(tar, diffId) : tar,
      stop,
    );
  };
  async function* measured(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for await (const piece of make(true)) {
      size += piece.byteLength;
      await hasher.update(piece);
      yield piece;
    }
  }
  if (spool !== undefined) {
    const source = await spool(toStream(measured()));
    return { digest: String(await hasher.digest()), source };
  }
  for await (const _ of measured()) {
    /* The digest and the size are wanted. */
  }
  const source = {
    size,
    open: (offset = 0) => toStream(skip(make(false), offset)),
  };
  return { digest: String(await hasher.digest()), source };
}

/** The content of a source in pieces of one size. */
async function* blocks(
  source: Source,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const reader = byteReader(await source.open());
  try {
    while (true) {
      signal?.throwIfAborted();
      const { value, done } = await reader.read(new Uint8Array(BLOCK), {
        min: BLOCK,
      });
      if (value?.byteLength) yield value;
      if (done) return;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

async function* checked(
  tar: Pieces,
  diffId: string,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const hasher = createHasher(Digest.parse(diffId).algorithm);
  for await (const piece of tar) {
    await hasher.update(piece);
    yield piece;
  }
  const actual = String(await hasher.digest());
  if (actual !== diffId) throw new DigestMismatchError(diffId, actual);
}

async function* skip(
  pieces: Pieces,
  count: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for await (const piece of pieces) {
    if (count < piece.byteLength) yield piece.subarray(count);
    count = Math.max(0, count - piece.byteLength);
  }
}
