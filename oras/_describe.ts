import { Digest } from "../digest/digest.ts";
import { type SourceLike, toSource } from "../distribution/source.ts";
import type { SignalOptions } from "../distribution/signal_options.ts";
import type { Descriptor } from "../image/descriptor.ts";
import type { MediaType } from "../image/media_type.ts";

/** Reads content to the end, and makes its descriptor. */
export async function describe(
  content: SourceLike,
  mediaType: MediaType,
  { signal }: SignalOptions = {},
): Promise<Descriptor> {
  const source = toSource(content);
  signal?.throwIfAborted();
  const digest = await Digest.fromStream(await source.open(), { signal });
  return { mediaType, digest: String(digest), size: source.size };
}
