import { discard } from "./_discard.ts";
import { ProtocolError, SecurityError } from "./errors.ts";
import { nextLink } from "./link.ts";
import { redactUrl } from "./redact.ts";
import type { RegistryClient } from "./registry_client.ts";
import type { SignalOptions } from "./registry_request.ts";

/** What a listing asks for. */
export interface PageRequest extends SignalOptions {
  /** What could not be done if this fails. */
  readonly action: string;
  /** The token scopes that are needed. */
  readonly scopes: readonly string[];
  /** List only entries behind this one. */
  readonly last?: string | undefined;
  /** How many entries to ask for at once. */
  readonly pageSize?: number | undefined;
}

/** So many pages are followed, and no more: a registry can make links without end. */
const MAX_PAGES = 10_000;

/**
 * The responses of a listing, following `Link: rel="next"` (distribution-spec
 * §Listing Tags). Each must be read before the next is asked for.
 *
 * Links are followed on the registry's own origin only: they are the registry's
 * words, and a request to elsewhere would be the caller's.
 */
export async function* pages(
  client: RegistryClient,
  path: string,
  request: PageRequest,
): AsyncGenerator<Response> {
  const { last, pageSize, ...rest } = request;
  let url: URL | undefined = new URL(path, client.origin);
  if (pageSize !== undefined) url.searchParams.set("n", String(pageSize));
  if (last !== undefined) url.searchParams.set("last", last);
  const seen = new Set<string>();
  while (url !== undefined) {
    if (seen.has(url.href) || seen.size >= MAX_PAGES) {
      throw new ProtocolError(
        "PAGING_ENDLESS",
        `${request.action}: the pages do not end (${
          redactUrl(url)
        } after ${seen.size} pages)`,
      );
    }
    seen.add(url.href);
    const response: Response = await client.send({
      method: "GET",
      url,
      expect: [200],
      ...rest,
    });
    const link = nextLink(response.headers.get("link"));
    const next: URL | undefined = link === undefined
      ? undefined
      : new URL(link, url);
    if (next !== undefined && next.origin !== client.origin.origin) {
      await discard(response);
      throw new SecurityError(
        "LINK_FOREIGN",
        `${request.action}: the next page is on another host, ${
          redactUrl(next)
        }`,
      );
    }
    yield response;
    url = next;
  }
}
