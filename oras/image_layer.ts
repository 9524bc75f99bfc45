import { createHasher } from "../digest/hasher.ts";
import { type SourceLike, toSource } from "../distribution/source.ts";
import type { Source } from "../distribution/source.ts";
import type { SignalOptions } from "../distribution/signal_options.ts";
import { compressionAt, MAGIC_SIZE } from "../image/layer/_magic.ts";
import { type Compression, decompress } from "../image/layer/compression.ts";
import { validateLayer } from "../image/layer/validate_layer.ts";
import type { Descriptor } from "../image/descriptor.ts";
import { MediaTypes } from "../image/media_type.ts";
import { ArtifactError } from "./errors.ts";

/** A layer for an image: its content, and what images say of it. */
export interface ImageLayer {
  /** What it is as it is stored. */
  readonly descriptor: Descriptor;
  /** The digest of its uncompressed tar. */
  readonly diffId: string;
  /** Its content as it is stored. */
  readonly source: Source;
  /** What the image's history says of how it was made. */
  readonly createdBy?: string | undefined;
}

/**
 * Makes a layer for an image of a tar archive, which may be compressed with gzip or
 * zstd. It is read once to its end, and stays as it is.
 *
 * @throws {ArtifactError} `ARTIFACT_UNSUPPORTED`: the content is no layer.
 *
 * @example
 * ```ts
 * import { describeLayer } from "@gantry/oci/oras";
 * import { assertEquals } from "@std/assert";
 *
 * const empty = new Uint8Array(1024);
 * const { descriptor, diffId } = await describeLayer(empty);
 * assertEquals(descriptor.mediaType, "application/vnd.oci.image.layer.v1.tar");
 * assertEquals(descriptor.digest, diffId);
 * ```
 */
export async function describeLayer(
  content: SourceLike,
  options: SignalOptions = {},
): Promise<ImageLayer> {
  const { signal } = options;
  const source = toSource(content);
  const stored = createHasher();
  const plain = createHasher();
  const head: number[] = [];
  async function* read(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for await (const piece of await source.open()) {
      signal?.throwIfAborted();
      if (head.length < MAGIC_SIZE) head.push(...piece.subarray(0, MAGIC_SIZE));
      await stored.update(piece);
      yield piece;
    }
  }
  async function* unpack(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for await (const piece of decompress(read(), "auto", { signal })) {
      await plain.update(piece);
      yield piece;
    }
  }
  const pieces = unpack();
  try {
    // Without a `return`, so that what is behind the archive's end can be read, too.
    const whole = {
      [Symbol.asyncIterator]: () => ({ next: () => pieces.next() }),
    };
    const [issue] = await validateLayer(whole, { signal });
    if (issue !== undefined) {
      throw new ArtifactError(
        "ARTIFACT_UNSUPPORTED",
        `Cannot use the content as a layer: expected ${issue.expected}, found ${issue.actual}${
          issue.path === "" ? "" : ` at ${JSON.stringify(issue.path)}`
        }`,
      );
    }
    while (!(await pieces.next()).done);
  } finally {
    await pieces.return(undefined);
  }
  return {
    descriptor: {
      mediaType: LAYER_TYPES[compressionAt(head)],
      digest: String(await stored.digest()),
      size: source.size,
    },
    diffId: String(await plain.digest()),
    source,
  };
}

const LAYER_TYPES: Readonly<Record<Compression, string>> = {
  none: MediaTypes.layer,
  gzip: MediaTypes.layerGzip,
  zstd: MediaTypes.layerZstd,
};
