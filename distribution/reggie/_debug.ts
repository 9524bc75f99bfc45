import { trace, type TraceEvent } from "../trace.ts";
import type { Transport } from "../transport.ts";
import type { DebugHook } from "./client_options.ts";

/** Reports each request and each answer, secrets taken out, a line for each. */
export function reported(transport: Transport, write: DebugHook): Transport {
  return trace(transport, (event) => {
    if (event.type !== "end") write(lineOf(event));
  });
}

function lineOf(event: Exclude<TraceEvent, { type: "end" }>): string {
  switch (event.type) {
    case "request":
      return `> ${event.method} ${event.url}${describe(event.headers)}`;
    case "response":
      return `< ${event.status}${describe(event.headers)}`;
    case "failure":
      return `! ${event.reason}`;
  }
}

function describe(headers: readonly (readonly [string, string])[]): string {
  return headers.map(([name, value]) => `; ${name}: ${value}`).join("");
}
