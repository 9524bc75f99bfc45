import { platform } from "node:process";
import type { FileNameRules } from "../name_rules.ts";

/** The rules for names of the system that this runs on. */
export const HOST_RULES: FileNameRules = platform === "win32"
  ? "windows"
  : platform === "darwin"
  ? "darwin"
  : "posix";
