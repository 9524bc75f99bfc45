const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
};

/** Reads a size such as `65536`, `512KiB`, `10MB` or `1g`, in steps of 1024, in bytes; undefined where it is none. */
export function parseSize(text: string): number | undefined {
  const found = /^(\d{1,12})\s?([kmg]?)(?:i?b)?$/i.exec(text);
  if (found === null) return undefined;
  const size = Number(found[1]) * UNITS[found[2]!.toLowerCase()]!;
  return Number.isSafeInteger(size) && size > 0 ? size : undefined;
}

/** Looks at a flag's value; gives what is wrong with it. */
export function checkSize(text: string): string | undefined {
  return parseSize(text) === undefined
    ? "expecting a size such as 65536, 512KiB or 10MiB"
    : undefined;
}
