import type { TraceEvent } from "../../distribution/trace.ts";
import { printable } from "./_printable.ts";

/** Words of a trace's event, as `--debug` prints them. Answers that end are no news. */
export function traceText(event: TraceEvent): string {
  const stamp = `[${new Date().toISOString()}][DEBUG]:`;
  switch (event.type) {
    case "request":
      return `${stamp} --> Request #${event.id}\n` +
        `> Request URL: ${JSON.stringify(event.url)}\n` +
        `> Request method: ${JSON.stringify(event.method)}\n` +
        `> Request headers:\n${lines(event.headers)}\n`;
    case "response":
      return `${stamp} <-- Response #${event.id}\n` +
        `< Response status: "${event.status} ${
          printable(event.statusText)
        }"\n` +
        `< Response time: ${event.elapsed.toFixed(1)}ms\n` +
        `< Response headers:\n${lines(event.headers)}\n`;
    case "failure":
      return `${stamp} <-- No response #${event.id}: ${
        printable(event.reason)
      }\n\n`;
    case "end":
      return "";
  }
}

function lines(headers: readonly (readonly [string, string])[]): string {
  return headers.map(([name, value]) =>
    `   ${JSON.stringify(name)}: ${printable(JSON.stringify(value))}\n`
  ).join("");
}
