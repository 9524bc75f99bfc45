import type { ServerEvent } from "../../distribution/server/events.ts";
import type { Console } from "./_console.ts";
import { printable } from "./_printable.ts";

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
      console.err(printable(`Cannot answer ${method} ${path}: ${reason}`));
    } else if (format === "json") {
      const time = new Date().toISOString();
      console.err(JSON.stringify({ time, ...event }));
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
      console.err(printable(line.join(" ")));
    }
  };
}
