import { LayerLimitError } from "../errors.ts";

/** How many links are followed on the way to one place: more than any system follows. */
export const MAX_LINKS = 255;
const FREE = 100_000;
const PER_ENTRY = 200;

/**
 * How many parts of paths an archive may have looked up. Links with long targets that
 * lead through one another multiply: 240 of them in 10 KiB of gzip would otherwise
 * keep the disk busy for hours. Real trees take a tenth of this.
 */
export class Lookups {
  #left = FREE;

  /** Grants what one more entry may cost. */
  nextEntry(): void {
    this.#left += PER_ENTRY;
  }

  /**
   * Counts a part that is looked up.
   *
   * @throws {LayerLimitError} There have been too many.
   */
  count(): void {
    if (--this.#left < 0) {
      throw new LayerLimitError("links and paths that are not so long");
    }
  }
}
