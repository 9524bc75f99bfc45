/**
 * The times of a layer's entries. `keep` rounds them to whole seconds; a date is given
 * to all; `clampTo` is given to those that are later, as `SOURCE_DATE_EPOCH` asks.
 */
export type LayerTime = "keep" | Date | { readonly clampTo: Date };

/** How an entry's time in whole seconds follows from the file's, rounded as Go does. */
export function clockOf(mtime: LayerTime): (milliseconds: number) => number {
  if (mtime instanceof Date) {
    const fixed = seconds(mtime);
    return () => fixed;
  }
  const limit = mtime === "keep" ? Infinity : seconds(mtime.clampTo);
  return (milliseconds) => {
    const rounded = milliseconds < 0
      ? -Math.floor((500 - milliseconds) / 1000)
      : Math.floor((milliseconds + 500) / 1000);
    return Math.min(rounded, limit);
  };
}

function seconds(date: Date): number {
  const value = Math.floor(date.getTime() / 1000);
  if (Number.isNaN(value)) {
    throw new RangeError("Cannot pack with an invalid date");
  }
  return value;
}
