import type { Descriptor } from "./descriptor.ts";
import { MediaTypes } from "./media_type.ts";

/**
 * The descriptor of the two bytes `{}`, with its content inline: the config, or
 * the only layer, of an artifact that has none.
 *
 * Follows image-spec `manifest.md` §Guidance for an Empty Descriptor.
 *
 * @example
 * ```ts
 * import { Digest } from "@gantry/oci/digest";
 * import { EMPTY_CONTENT, EMPTY_DESCRIPTOR } from "@gantry/oci/image";
 * import { assert, assertEquals } from "@std/assert";
 *
 * assert((await Digest.fromBytes(EMPTY_CONTENT)).equals(EMPTY_DESCRIPTOR.digest));
 * assertEquals(EMPTY_DESCRIPTOR.size, EMPTY_CONTENT.byteLength);
 * ```
 */
export const EMPTY_DESCRIPTOR: Descriptor & { readonly data: string } = Object
  .freeze({
    mediaType: MediaTypes.empty,
    digest:
      "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
    size: 2,
    data: "e30=",
  });

/** The two bytes `{}` that {@linkcode EMPTY_DESCRIPTOR} points at. Not to be written to. */
export const EMPTY_CONTENT: Uint8Array<ArrayBuffer> = new TextEncoder()
  .encode("{}");
