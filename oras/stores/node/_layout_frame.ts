import { LayoutFiles } from "../../../distribution/server/node/_layout_files.ts";
import type { LayoutIndex } from "../../../distribution/server/node/_layout_index.ts";
import { parseImageLayout } from "../../../image/image_layout.ts";
import { fileSource } from "../../node/file_source.ts";
import { StoreError } from "../../store_error.ts";
import { isLayoutName } from "../_layout_names.ts";
import { inLayout } from "./_layout_failure.ts";
import { type LayoutPaths, SELF } from "./_layout_paths.ts";

/** The frame of a layout: its marker, and its `index.json`. */
export class LayoutFrame {
  readonly #path: string;
  readonly #paths: LayoutPaths;
  readonly #files: LayoutFiles;
  #isKnown = false;

  constructor(path: string, paths: LayoutPaths) {
    this.#path = path;
    this.#paths = paths;
    this.#files = new LayoutFiles(paths, isLayoutName);
  }

  /** Makes the layout, unless it is there. */
  async ensure(): Promise<void> {
    await inLayout(this.#path, () => this.#files.ensure(SELF));
  }

  /** The index, or undefined where there is no layout. */
  async find(): Promise<LayoutIndex | undefined> {
    return await inLayout(this.#path, async () => {
      const index = await this.#files.readIndex(SELF);
      if (index !== undefined) await this.#checkMarker();
      return index;
    });
  }

  /**
   * The index.
   *
   * @throws {StoreError} `STORE_NOT_FOUND`: there is no layout.
   */
  async read(): Promise<LayoutIndex> {
    const index = await this.find();
    if (index !== undefined) return index;
    throw new StoreError(
      "STORE_NOT_FOUND",
      `Cannot find an image layout in ${this.#path}`,
    );
  }

  /** Replaces the index by a changed one, while no other process does so. */
  async update(change: (index: LayoutIndex) => LayoutIndex): Promise<void> {
    await inLayout(this.#path, async () => {
      await this.#files.ensure(SELF);
      await this.#checkMarker();
      await this.#files.updateIndex(SELF, change);
    });
  }

  /** A layout of another version is not touched. */
  async #checkMarker(): Promise<void> {
    if (this.#isKnown) return;
    const source = await fileSource(this.#paths.marker(SELF));
    const bytes = await new Response(await source.open()).bytes();
    try {
      parseImageLayout(bytes);
    } catch (cause) {
      throw new StoreError(
        "STORE_INVALID",
        `Cannot use image layout ${this.#path}: its version is not known`,
        { cause },
      );
    }
    this.#isKnown = true;
  }
}
