import type { Descriptor } from "@gantry/oci/image";
import { describe } from "./_repository.ts";

/** The blob of these tests, as text. */
export const TEXT = "0123456789";

/** The blob. */
export const BLOB: Descriptor = await describe(TEXT);

/** Parts of it. */
export const PARTS: readonly [
  what: string,
  offset: number | undefined,
  length: number | undefined,
  text: string,
][] = [
  ["the first byte", 0, 1, "0"],
  ["bytes in the middle", 3, 4, "3456"],
  ["the last byte", 9, 1, "9"],
  ["from a byte to the end", 7, undefined, "789"],
  ["the first bytes", undefined, 3, "012"],
  ["more than there is", 8, 100, "89"],
  ["nothing", 4, 0, ""],
  ["nothing at the end", 10, 5, ""],
  ["all", 0, 10, TEXT],
];
