const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60 * 1000,
  h: 60 * 60 * 1000,
  d: 24 * 60 * 60 * 1000,
};

/** Reads a time such as `30s` or `1h30m`, in milliseconds; undefined where it is none. */
export function parseDuration(text: string): number | undefined {
  if (!/^(?:\d+(?:ms|s|m|h|d))+$/.test(text)) return undefined;
  return Array.from(text.matchAll(/(\d+)(ms|s|m|h|d)/g))
    .map(([, number, unit]) => Number(number) * UNITS[unit!]!)
    .reduce((sum, part) => sum + part, 0);
}

/** Looks at a flag's value; gives what is wrong with it. */
export function checkDuration(text: string): string | undefined {
  return parseDuration(text) === undefined
    ? "expecting a duration such as 30s, 5m or 24h"
    : undefined;
}
