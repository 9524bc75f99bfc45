import { createHasher } from "../../digest/hasher.ts";
import { chainId } from "../../image/layer/chain_id.ts";
import { compressionAt, MAGIC_SIZE } from "../../image/layer/_magic.ts";
import { type Compression, decompress } from "../../image/layer/compression.ts";
import { MediaTypes } from "../../image/media_type.ts";
import type { Invocation } from "./_command.ts";
import { readFormat } from "./_format.ts";
import { streamLocal } from "./_local_file.ts";
import { printable } from "./_printable.ts";

/** Prints the digests of layers, and their ChainID. */
export async function run(invocation: Invocation): Promise<void> {
  const { args, console, flags, signal } = invocation;
  const format = await readFormat(flags);
  const layers: Measured[] = [];
  for (const file of args) {
    const layer = await measure(file, signal);
    layers.push(layer);
    if (!format.isText) continue;
    console.out(`File:      ${printable(file)}`);
    console.out(`Type:      ${layer.mediaType}`);
    console.out(`Digest:    ${layer.digest}`);
    console.out(`Size:      ${layer.size}`);
    console.out(`DiffID:    ${layer.diffId}`);
  }
  const chain = await chainId(layers.map(({ diffId }) => diffId));
  if (!format.isText) format.print(console, { layers, chainId: chain });
  else console.out(`ChainID:   ${chain}`);
}

interface Measured {
  readonly file: string;
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly diffId: string;
}

const TYPES: Readonly<Record<Compression, string>> = {
  none: MediaTypes.layer,
  gzip: MediaTypes.layerGzip,
  zstd: MediaTypes.layerZstd,
};

/** Hashes a layer as it is stored and uncompressed, in one pass. */
async function measure(file: string, signal: AbortSignal): Promise<Measured> {
  const stored = createHasher();
  const plain = createHasher();
  const first: number[] = [];
  let size = 0;
  async function* watched(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for await (const piece of await streamLocal(file, signal)) {
      signal.throwIfAborted();
      if (first.length < MAGIC_SIZE) {
        first.push(...piece.subarray(0, MAGIC_SIZE));
      }
      size += piece.byteLength;
      await stored.update(piece);
      yield piece;
    }
  }
  for await (const piece of decompress(watched(), "auto", { signal })) {
    await plain.update(piece);
  }
  return {
    file,
    mediaType: TYPES[compressionAt(first)],
    digest: String(await stored.digest()),
    size,
    diffId: String(await plain.digest()),
  };
}
