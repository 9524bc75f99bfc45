import { RequestError } from "./request_error.ts";
import type { Page } from "./storage.ts";

/** The most entries of one page, whatever the client asks for. */
const MAX_PAGE = 10_000;

/**
 * Reads `n` and `last` from a query.
 *
 * An absurd `n` is cut down and never sizes anything.
 *
 * @throws {RequestError} `n` is no number, or negative.
 */
export function parsePage(query: URLSearchParams): Page {
  const n = query.get("n");
  if (n !== null && !/^\d+$/.test(n)) {
    throw new RequestError(
      400,
      "PAGINATION_NUMBER_INVALID",
      "The parameter n must be a whole number",
    );
  }
  const limit = n === null ? MAX_PAGE : Math.min(Number(n), MAX_PAGE);
  return { limit, last: query.get("last") ?? undefined };
}

/** One page of names in byte order: they are ASCII, so the default order is that. */
export function slicePage(
  names: Iterable<string>,
  { last = "", limit }: Page,
): readonly string[] {
  return [...names].filter((name) => name > last).sort().slice(0, limit);
}

/** One page of entries, and whether more follow. */
export interface PageOf<Entry> {
  /** The entries. */
  readonly entries: readonly Entry[];
  /** Whether more entries follow. */
  readonly more: boolean;
}

/** Cuts a list that was fetched with one entry too many. */
export function cutPage<Entry>(
  entries: readonly Entry[],
  limit: number,
): PageOf<Entry> {
  // n=0 is answered with an empty list and no link (R64).
  return {
    entries: entries.slice(0, limit),
    more: limit > 0 && entries.length > limit,
  };
}

/** A `Link` header to the next page at a URL, which must be checked. */
export function nextLink(
  url: string,
  parameters: Readonly<Record<string, string | number>>,
): string {
  const query = Object.entries(parameters)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
  return `<${url}?${query}>; rel="next"`;
}
