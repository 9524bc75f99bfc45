import { chmod, mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { verifyStream } from "../../../digest/verify_stream.ts";
import type { FetchContentOptions } from "../../../distribution/content_options.ts";
import { remove } from "../../../distribution/server/node/_files.ts";
import type { SignalOptions } from "../../../distribution/signal_options.ts";
import type { Source } from "../../../distribution/source.ts";
import type { Descriptor } from "../../../image/descriptor.ts";
import { isManifestType } from "../../../image/manifest_type.ts";
import { PathError } from "../../errors.ts";
import { fileSource } from "../../node/file_source.ts";
import { writeVerifiedFile } from "../../node/write_verified_file.ts";
import { StoreError } from "../../store_error.ts";
import { checkOffset, contentNotFound, openVerified } from "../_content.ts";
import { inLayout } from "./_layout_failure.ts";
import { type LayoutPaths, SELF } from "./_layout_paths.ts";

/** How content is written. */
export interface WriteContentOptions extends SignalOptions {
  /** Told how many bytes of it there are. */
  readonly onBytes: (bytes: number) => void;
}

/** The content of an image layout: one file for each digest. */
export class LayoutContent {
  readonly #layout: string;
  readonly #paths: LayoutPaths;

  /** Takes the layout's directory, and where things are in it. */
  constructor(layout: string, paths: LayoutPaths) {
    this.#layout = layout;
    this.#paths = paths;
  }

  /** Opens content, verified; a manifest is verified before any of it is given. */
  async fetch(
    descriptor: Descriptor,
    { offset = 0, signal }: FetchContentOptions,
  ): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    signal?.throwIfAborted();
    checkOffset(descriptor, offset);
    const source = await this.#source(descriptor.digest);
    if (offset > 0) return await source.open(offset);
    return isManifestType(descriptor.mediaType)
      ? await openVerified(
        descriptor,
        { size: descriptor.size, open: () => source.open() },
        { signal },
      )
      : verifyStream(await source.open(), descriptor);
  }

  /** Whether the content is there in its full size. */
  async exists(
    { digest, size }: Pick<Descriptor, "digest" | "size">,
  ): Promise<boolean> {
    try {
      return (await this.#source(digest)).size === size;
    } catch (error) {
      if (error instanceof StoreError) return false;
      throw error;
    }
  }

  /** Writes content, which appears when all of it is there and verified. */
  async write(
    descriptor: Descriptor,
    source: Source,
    { onBytes, signal }: WriteContentOptions,
  ): Promise<void> {
    const { digest, size } = descriptor;
    const stream = await openVerified(descriptor, source, { signal });
    const path = this.#paths.blob(SELF, digest);
    await mkdir(dirname(path), { recursive: true });
    await writeVerifiedFile(path, stream, { size, signal, onBytes });
    // Content never changes, and no other program should do it by mistake.
    await chmod(path, 0o444).catch(() => {});
  }

  /** Deletes content. */
  async delete(digest: string): Promise<void> {
    const path = this.#paths.blob(SELF, digest);
    if (!(await inLayout(this.#layout, () => remove(path)))) {
      throw contentNotFound(digest, this.#layout);
    }
  }

  async #source(digest: string): Promise<Source> {
    try {
      return await fileSource(this.#paths.blob(SELF, digest));
    } catch (error) {
      if (error instanceof PathError && error.code === "PATH_NOT_FOUND") {
        throw contentNotFound(digest, this.#layout);
      }
      throw error;
    }
  }
}
