import type { Exchange } from "./exchange.ts";
import { cutPage, nextLink, parsePage } from "./paging.ts";

/** `GET /v2/_catalog`: the repositories, in byte order. Docker's addition to the protocol. */
export async function getCatalog(
  { query, storage }: Exchange,
): Promise<Response> {
  const page = parsePage(query);
  const found = await storage.repositories({ ...page, limit: page.limit + 1 });
  const { entries, more } = cutPage(found, page.limit);
  const headers = new Headers({ "content-type": "application/json" });
  if (more) {
    const last = entries.at(-1)!;
    headers.set("link", nextLink("/v2/_catalog", { n: page.limit, last }));
  }
  return new Response(JSON.stringify({ repositories: entries }), { headers });
}
