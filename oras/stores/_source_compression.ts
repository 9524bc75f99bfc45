import { byteReader } from "../../digest/_tap_stream.ts";
import type { Source } from "../../distribution/source.ts";
import { compressionAt, MAGIC_SIZE } from "../../image/layer/_magic.ts";
import type { Compression } from "../../image/layer/compression.ts";

/** How content is compressed, by its first bytes. */
export async function sourceCompression(source: Source): Promise<Compression> {
  const reader = byteReader(await source.open());
  try {
    const { value } = await reader.read(new Uint8Array(MAGIC_SIZE), {
      min: MAGIC_SIZE,
    });
    return compressionAt(value ?? []);
  } finally {
    await reader.cancel();
  }
}
