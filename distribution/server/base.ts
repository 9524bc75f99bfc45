import type { Exchange } from "./exchange.ts";

/** `GET /v2/`: the registry speaks the protocol, and lets the caller in. */
export function getBase({ visitor }: Exchange): Response {
  visitor.requireKnown();
  return new Response("{}", {
    headers: { "content-type": "application/json" },
  });
}
