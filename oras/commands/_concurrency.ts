import type { FlagValues } from "./_flag.ts";

/** Reads `--concurrency`; 0 and less stand for 1. */
export function readConcurrency(flags: FlagValues): number {
  return Math.max(1, flags.int("concurrency"));
}
