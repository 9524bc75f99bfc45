import { type Stats, statSync } from "node:fs";
import { devNull } from "node:os";

/**
 * Whether something is the null device, which stands for an empty file. All other
 * devices have the size 0 too, but content without end.
 */
export function isNullDevice(seen: Stats): boolean {
  return seen.isCharacterDevice() && seen.rdev === statSync(devNull).rdev;
}
