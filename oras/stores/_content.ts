import { bytesStream } from "../../digest/_bytes_stream.ts";
import { readAhead } from "../../digest/_read_ahead.ts";
import { SizeMismatchError } from "../../digest/errors.ts";
import { verifyStream } from "../../digest/verify_stream.ts";
import { abortableSource } from "../../distribution/_abortable_source.ts";
import type { SignalOptions } from "../../distribution/signal_options.ts";
import type { Source } from "../../distribution/source.ts";
import { addressedBytes } from "../../image/addressed_bytes.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import { MediaTypes } from "../../image/media_type.ts";
import { StoreError } from "../store_error.ts";

/** Content that a store does not hold. */
export function contentNotFound(digest: string, where: string): StoreError {
  return new StoreError(
    "CONTENT_NOT_FOUND",
    `Cannot find ${digest} in ${where}`,
  );
}

/** A tag or digest that a store does not know. */
export function referenceNotFound(
  reference: string,
  where: string,
): StoreError {
  return new StoreError(
    "REFERENCE_NOT_FOUND",
    `Cannot find ${reference} in ${where}`,
  );
}

/** Refuses what can name nothing: an empty text, a digest, and control characters. */
export function checkTag(reference: string): void {
  // deno-lint-ignore no-control-regex
  if (/^[^\x00-\x20\x7f]+$/.test(reference) && !isDigest(reference)) return;
  throw new StoreError(
    "REFERENCE_INVALID",
    `Cannot use ${JSON.stringify(reference)} as a tag`,
  );
}

/** Whether a reference is a digest, and no tag. */
export function isDigest(reference: string): boolean {
  return /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[A-Za-z0-9=_-]{32,}$/.test(reference);
}

/** Refuses an offset outside of content. */
export function checkOffset(
  { digest, size }: Descriptor,
  offset: number,
): void {
  if (Number.isSafeInteger(offset) && offset >= 0 && offset <= size) return;
  throw new RangeError(
    `Cannot read ${digest} from byte ${offset}: it has ${size} bytes`,
  );
}

/** Refuses a source of another size than the descriptor's. */
export function checkSize({ digest, size }: Descriptor, source: Source): void {
  if (source.size === size) return;
  throw new RangeError(
    `Cannot push ${digest}: its descriptor says ${size} bytes, its source ${source.size}`,
  );
}

/**
 * Opens a source so that its stream fails on anything that the descriptor does not
 * say. A signed manifest of schema 1 is checked by what was signed, at its end.
 */
export async function openVerified(
  descriptor: Descriptor,
  source: Source,
  { signal }: SignalOptions,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  checkSize(descriptor, source);
  signal?.throwIfAborted();
  const stream = await abortableSource(source, signal).open();
  if (descriptor.mediaType !== MediaTypes.dockerSchema1Signed) {
    return verifyStream(stream, descriptor);
  }
  const bytes = await readBytes(stream, descriptor, { signal });
  await verifyBytes(bytes, descriptor);
  return bytesStream(bytes);
}

/** Reads a stream into memory, no further than the descriptor says. */
export async function readBytes(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  { digest, size }: Pick<Descriptor, "digest" | "size">,
  { signal }: SignalOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let seen = 0;
  await readAhead(stream, (piece) => {
    seen += piece.byteLength;
    if (seen > size) throw new SizeMismatchError(size, seen, digest);
    pieces.push(new Uint8Array(piece));
  }, signal);
  return await new Blob(pieces).bytes();
}

/** Checks bytes against a descriptor. */
export async function verifyBytes(
  bytes: Uint8Array<ArrayBuffer>,
  { digest, mediaType, size }: Descriptor,
): Promise<void> {
  if (bytes.byteLength !== size) {
    throw new SizeMismatchError(size, bytes.byteLength, digest);
  }
  const addressed = addressedBytes(bytes, mediaType);
  const stream = verifyStream(bytesStream(addressed), { digest });
  for await (const _ of stream) { /* The check is at the end. */ }
}
