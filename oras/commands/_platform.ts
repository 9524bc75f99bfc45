import type { Platform } from "../../image/platform.ts";
import { parsePlatform } from "../../image/platform.ts";

/** Reads the value of `--platform`; undefined where there is none. */
export function readPlatform(text: string): Platform | undefined {
  return text === "" ? undefined : parsePlatform(text);
}
