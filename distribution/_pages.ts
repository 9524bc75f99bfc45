import { readJson } from "./_body.ts";
import { discard } from "./_discard.ts";
import { scrubbed, scrubbedError } from "./_secrets.ts";
import { sendWhole } from "./_send_whole.ts";
import { ProtocolError, SecurityError } from "./errors.ts";
import { nextLink } from "./link.ts";
import { redactUrl } from "./redact.ts";
import type { RegistryClient } from "./registry_client.ts";
import { validateRepositoryList } from "./repository_list.ts";
import type { SignalOptions } from "./signal_options.ts";
import { validateTagList } from "./tag_list.ts";

/** Pages to ask for. */
export interface PagesRequest extends SignalOptions {
  /** The path of the first page, below the registry's origin. */
  readonly path: string;
  /** Parameters of the first page; those that are undefined are left out. */
  readonly query?: Readonly<Record<string, string | undefined>> | undefined;
  /** What could not be done if this fails. */
  readonly action: string;
  /** The token scopes that are needed. */
  readonly scopes: readonly string[];
  /** Headers of each request. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * The statuses that the first page may have beside 200, which then is the only one.
   *
   * @default {none}
   */
  readonly allow?: readonly number[] | undefined;
}

/** What a listing asks for. */
export interface ListRequest extends Omit<PagesRequest, "query" | "allow"> {
  /** The member of each page that holds the names. */
  readonly member: "repositories" | "tags";
  /** List only entries behind this one. */
  readonly last?: string | undefined;
  /** How many entries to ask for at once. */
  readonly pageSize?: number | undefined;
}

/** What tells whether a page is one, by the member that holds the names. */
const VALIDATORS = {
  repositories: validateRepositoryList,
  tags: validateTagList,
};

/** So many pages are followed, and no more: a registry can make links without end. */
const MAX_PAGES = 10_000;

/**
 * The names in a listing, page by page as they are consumed, following
 * `Link: rel="next"` (distribution-spec §Listing Tags).
 */
export async function* listNames(
  client: RegistryClient,
  request: ListRequest,
): AsyncGenerator<string> {
  const { action, last, member, pageSize } = request;
  const query = { n: pageParameter(pageSize, action), last };
  for await (const response of readPages(client, { ...request, query })) {
    yield* await readNames(response, member, action);
  }
}

/** The size of a page as a parameter. */
export function pageParameter(
  size: number | undefined,
  action: string,
): string | undefined {
  if (size === undefined) return undefined;
  if (!Number.isSafeInteger(size) || size < 1) {
    throw new RangeError(
      `${action}: expected a positive integer as page size, found ${size}`,
    );
  }
  return String(size);
}

/**
 * The pages of a listing, each of which must be read before the next is asked for.
 *
 * Links are followed on the registry's own origin only: they are the registry's
 * words, and a request to elsewhere would be the caller's.
 */
export async function* readPages(
  client: RegistryClient,
  request: PagesRequest,
): AsyncGenerator<Response> {
  const { action, allow = [], headers, path, query, scopes, signal } = request;
  let url: URL | undefined = new URL(path, client.origin);
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  const seen = new Set<string>();
  while (url !== undefined) {
    if (seen.has(url.href) || seen.size >= MAX_PAGES) {
      const shown = scrubbed(client, redactUrl(url));
      throw new ProtocolError(
        "PAGING_ENDLESS",
        `${action}: the pages do not end (${shown} after ${seen.size} pages)`,
      );
    }
    seen.add(url.href);
    const response: Response = await sendWhole(client, {
      method: "GET",
      url,
      action,
      expect: seen.size === 1 ? [200, ...allow] : [200],
      headers,
      scopes,
      signal,
    });
    try {
      url = nextPage(response, url, client.origin, action);
    } catch (error) {
      await discard(response);
      throw scrubbedError(client, error);
    }
    yield response;
  }
}

function nextPage(
  response: Response,
  url: URL,
  origin: URL,
  action: string,
): URL | undefined {
  if (response.status !== 200) return undefined;
  const link = nextLink(response.headers.get("link"));
  if (link === undefined) return undefined;
  const next = URL.parse(link, url);
  if (next === null) {
    throw new ProtocolError(
      "LINK_INVALID",
      `${action}: the link to the next page is no URL`,
    );
  }
  if (next.origin !== origin.origin) {
    throw new SecurityError(
      "LINK_FOREIGN",
      `${action}: the next page is on another host, ${redactUrl(next)}`,
    );
  }
  return next;
}

async function readNames(
  response: Response,
  member: ListRequest["member"],
  action: string,
): Promise<readonly string[]> {
  const body = await readJson(response, action);
  const [issue] = VALIDATORS[member](body, { level: "wire" });
  if (issue !== undefined) {
    // What stands there is not shown, because it may quote the request.
    throw new ProtocolError(
      "BODY_INVALID",
      `${action}: expected ${issue.expected} at ${issue.path} of the answer`,
    );
  }
  const page = body as Record<string, readonly string[] | null | undefined>;
  return page[member] ?? []; // some registries say null for none
}
