import type { Exchange } from "./exchange.ts";
import { cutPage, nextLink, parsePage } from "./paging.ts";
import { nameUnknown } from "./request_error.ts";
import type { TagList } from "../tag_list.ts";

/** `GET /v2/<name>/tags/list`: the tags, in byte order (R60-R65). */
export async function getTags(
  { query, storage, url }: Exchange,
  repository: string,
): Promise<Response> {
  const page = parsePage(query);
  const found = await storage.tags(repository, {
    ...page,
    limit: page.limit + 1,
  });
  if (found === undefined) throw nameUnknown(repository);
  const { entries, more } = cutPage(found, page.limit);
  const headers = new Headers({ "content-type": "application/json" });
  if (more) {
    const last = entries.at(-1)!;
    headers.set(
      "link",
      nextLink(url(`/v2/${repository}/tags/list`), { n: page.limit, last }),
    );
  }
  const body: TagList = { name: repository, tags: entries };
  return new Response(JSON.stringify(body), { headers });
}
