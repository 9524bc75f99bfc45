import type { FlagValues } from "./_flag.ts";
import { CommandError } from "./_errors.ts";

/** How a result is printed. */
export type Format = "text" | "json";

/** Reads `--format`. */
export function readFormat(flags: FlagValues): Format {
  const format = flags.text("format");
  if (format === "text" || format === "json") return format;
  throw new CommandError(`invalid format type: ${JSON.stringify(format)}`, {
    hint: "supported types: json, text",
  });
}
