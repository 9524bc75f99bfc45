import type { ServerEvent } from "../../distribution/server/events.ts";
import { type Console, OutputClosedError } from "./_console.ts";
import { printable } from "./_printable.ts";

/** Prints a line on stderr. A registry serves on where nobody reads that any more. */
export function tell(console: Console, line: string): void {
  try {
    console.err(line);
  } catch (error) {
    if (!(error instanceof OutputClosedError)) throw error;
  }
}

/** Prints on stderr why the server failed, and where it is wanted each request. */
export function serverLog(
  console: Console,
  format: string,
): (event: ServerEvent) => void {
  return (event) => {
    if (event.type === "error") {
      // The client is told no more than that; the reason is the operator's.
      const { error, method, path } = event;
      const reason = error instanceof Error ? error.message : String(error);
      tell(console, printable(`Cannot answer ${method} ${path}: ${reason}`));
    } else if (format === "json") {
      const time = new Date().toISOString();
      tell(console, JSON.stringify({ time, ...event }));
    } else if (format === "text" && event.type === "request") {
      const { method, path, status, duration, address, user } = event;
      const line = [
        new Date().toISOString(),
        address ?? "-",
        user ?? "-",
        method,
        path,
        status,
        `${duration.toFixed(1)}ms`,
      ];
      tell(console, printable(line.join(" ")));
    }
  };
}
