import { Digest } from "../digest/digest.ts";
import { abortableSource } from "../distribution/_abortable_source.ts";
import { type SourceLike, toSource } from "../distribution/source.ts";
import type { SignalOptions } from "../distribution/signal_options.ts";
import type { Annotations } from "../image/annotations.ts";
import type { Descriptor } from "../image/descriptor.ts";
import type { MediaType } from "../image/media_type.ts";

/** Up to this size content is hashed at once. */
const SMALL = 256 * 1024;

/** Reads content to the end, and makes its descriptor. */
export async function describe(
  content: SourceLike,
  mediaType: MediaType,
  { signal }: SignalOptions = {},
): Promise<Descriptor> {
  const source = abortableSource(toSource(content), signal);
  signal?.throwIfAborted();
  const digest = source.bytes === undefined || source.size > SMALL
    ? await Digest.fromStream(await source.open(), { signal })
    : await Digest.fromBytes(await source.bytes());
  return { mediaType, digest: String(digest), size: source.size };
}

/** The descriptor with annotations, where there are any. */
export function withAnnotations(
  descriptor: Descriptor,
  annotations: Annotations | undefined,
): Descriptor {
  return annotations === undefined || Object.keys(annotations).length === 0
    ? descriptor
    : { ...descriptor, annotations };
}
