/** `GET /v2/`: the registry speaks the protocol, and lets the caller in. */
export function getBase(): Response {
  return new Response("{}", {
    headers: { "content-type": "application/json" },
  });
}
