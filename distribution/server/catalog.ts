import type { RepositoryList } from "../repository_list.ts";
import type { Exchange } from "./exchange.ts";
import { cutPage, nextLink, parsePage } from "./paging.ts";
import type { Page } from "./storage.ts";

/**
 * `GET /v2/_catalog`: the repositories that one may pull from, in byte order.
 * Docker's addition to the protocol.
 */
export async function getCatalog(exchange: Exchange): Promise<Response> {
  const { query, url } = exchange;
  const page = parsePage(query);
  const found = await visible(exchange, { ...page, limit: page.limit + 1 });
  const { entries, more } = cutPage(found, page.limit);
  const headers = new Headers({ "content-type": "application/json" });
  if (more) {
    const last = entries.at(-1)!;
    headers.set("link", nextLink(url("/v2/_catalog"), { n: page.limit, last }));
  }
  const body: RepositoryList = { repositories: entries };
  return new Response(JSON.stringify(body), { headers });
}

/** One page of what the visitor may see, out of as many pages of all as that takes. */
async function visible(
  { storage, visitor }: Exchange,
  { last, limit }: Page,
): Promise<readonly string[]> {
  const found: string[] = [];
  while (true) {
    const names = await storage.repositories({ last, limit });
    for (const name of names) {
      if (await visitor.mayEver("pull", name)) found.push(name);
      if (found.length === limit) return found;
    }
    if (names.length < limit) return found;
    last = names.at(-1);
  }
}
