import type { SignalOptions } from "../../distribution/signal_options.ts";
import { type SourceLike, toSource } from "../../distribution/source.ts";
import { Digest } from "../../digest/digest.ts";
import { AnnotationKeys, type Annotations } from "../../image/annotations.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import { encodeJson } from "../../image/encode_json.ts";
import { imageIndex } from "../../image/image_index.ts";
import { IMAGE_LAYOUT_VERSION } from "../../image/image_layout.ts";
import { isForeignType } from "../../image/manifest_type.ts";
import { walk } from "../graph/walk.ts";
import type { Fetcher } from "../store.ts";
import { type TarFile, tarStream } from "./_tar_stream.ts";

/** An entry of the `index.json` of an archive that is made. */
export interface LayoutEntry {
  /** The content. */
  readonly descriptor: Descriptor;
  /** Its tag, where it has one. */
  readonly tag?: string | undefined;
  /** Further annotations of the entry. */
  readonly annotations?: Annotations | undefined;
}

/** How {@linkcode packLayout} packs. */
export interface PackLayoutOptions extends SignalOptions {
  /**
   * Take layers that must not be distributed along, too.
   *
   * @default {false}
   */
  readonly includeForeign?: boolean | undefined;
  /** Further files at the archive's beginning, by their paths. */
  readonly files?: Readonly<Record<string, SourceLike>> | undefined;
}

/**
 * Packs content of a store, with all that it points at, as an OCI image layout in a
 * tar archive. The same content makes the same bytes.
 *
 * The archive comes as it is read; nothing is kept on disk or in memory. Content is
 * verified on its way, and the stream fails where that is not what it should be.
 *
 * @example
 * ```ts
 * import { MemoryStore, packLayout } from "@gantry/oci/oras";
 * import { EMPTY_CONTENT, EMPTY_DESCRIPTOR } from "@gantry/oci/image";
 * import { toSource } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * const store = new MemoryStore();
 * await store.push(EMPTY_DESCRIPTOR, toSource(EMPTY_CONTENT));
 * const pack = () =>
 *   new Response(packLayout(store, [{ descriptor: EMPTY_DESCRIPTOR }])).bytes();
 * assertEquals(await pack(), await pack());
 * ```
 */
export function packLayout(
  store: Fetcher,
  entries: readonly LayoutEntry[],
  options: PackLayoutOptions = {},
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return tarStream(layoutFiles(store, entries, options));
}

/** The files of a layout: first what is small, then the blobs in the order of their digests. */
export async function* layoutFiles(
  store: Fetcher,
  entries: readonly LayoutEntry[],
  options: PackLayoutOptions,
): AsyncGenerator<TarFile> {
  const { files = {}, includeForeign = false, signal } = options;
  const found = new Map<string, Descriptor>();
  const isWanted = ({ mediaType }: Descriptor): boolean =>
    includeForeign || !isForeignType(mediaType);
  await walk(store, entries.map(({ descriptor }) => descriptor), {
    signal,
    enter: isWanted,
    // What is missing without harm is not left, because it is not entered.
    leave(descriptor) {
      if (isWanted(descriptor)) found.set(descriptor.digest, descriptor);
    },
  });
  const marker = { imageLayoutVersion: IMAGE_LAYOUT_VERSION };
  yield { path: "oci-layout", source: toSource(encodeJson(marker)) };
  const index = imageIndex(entries.map(toEntry));
  yield { path: "index.json", source: toSource(encodeJson(index)) };
  for (const [path, content] of Object.entries(files)) {
    yield { path, source: toSource(content) };
  }
  for (const digest of [...found.keys()].sort()) {
    signal?.throwIfAborted();
    const descriptor = found.get(digest)!;
    const { algorithm, encoded } = Digest.parse(digest);
    yield {
      path: `blobs/${algorithm}/${encoded}`,
      source: {
        size: descriptor.size,
        open: (offset) => store.fetch(descriptor, { offset, signal }),
      },
    };
  }
}

function toEntry({ annotations, descriptor, tag }: LayoutEntry): Descriptor {
  const { digest, mediaType, size } = descriptor;
  const all = {
    ...annotations,
    ...tag !== undefined && { [AnnotationKeys.refName]: tag },
  };
  return {
    mediaType,
    digest,
    size,
    ...Object.keys(all).length > 0 && { annotations: all },
  };
}
