/** How much a layer may unpack to. */
export interface ExtractLimits {
  /**
   * Bytes of the uncompressed archive, and of the holes of sparse files.
   *
   * @default {137438953472}
   */
  readonly maxBytes?: number;
  /**
   * Entries.
   *
   * @default {1000000}
   */
  readonly maxEntries?: number;
  /**
   * Bytes unpacked for each byte read, holes of sparse files included, looked at
   * from 64 MiB on.
   *
   * @default {500}
   */
  readonly maxRatio?: number;
  /**
   * UTF-8 bytes of an entry's name and of a link's target.
   *
   * @default {4096}
   */
  readonly maxNameLength?: number;
}

/** The limits with what is set where nothing is said. */
export function withDefaults(limits: ExtractLimits = {}): Required<
  ExtractLimits
> {
  // What a caller without types leaves undefined must not lift a limit.
  return {
    maxBytes: limits.maxBytes ?? 128 * 1024 ** 3,
    maxEntries: limits.maxEntries ?? 1_000_000,
    maxRatio: limits.maxRatio ?? 500,
    maxNameLength: limits.maxNameLength ?? 4096,
  };
}
