import type { Descriptor } from "../../image/descriptor.ts";
import { encodeJson } from "../../image/encode_json.ts";
import { MediaTypes } from "../../image/media_type.ts";
import { checkDigest } from "./digest_text.ts";
import type { Exchange } from "./exchange.ts";
import { cutPage, nextLink, parsePage } from "./paging.ts";

/** One page stays far below the 4 MiB that clients read of an index. */
const MAX_PAGE_BYTES = 2 * 1024 * 1024;
const MAX_PAGE_ENTRIES = 1000;

/**
 * `GET /v2/<name>/referrers/<digest>`: what says something about a manifest
 * (R67-R71). The answer of an unknown repository is empty, and never 404, which
 * would mean that there is no such endpoint.
 */
export async function getReferrers(
  { query, storage, url }: Exchange,
  repository: string,
  digestText: string,
): Promise<Response> {
  const digest = String(checkDigest(digestText));
  const artifactType = query.get("artifactType") || undefined;
  const { limit: asked, last = "" } = parsePage(query);
  const limit = Math.min(asked, MAX_PAGE_ENTRIES);
  const found = (await storage.referrers(repository, digest))
    .filter((entry) =>
      entry.digest > last &&
      (artifactType === undefined || entry.artifactType === artifactType)
    )
    .sort((a, b) => (a.digest < b.digest ? -1 : 1));
  const { entries, more } = cutPage(found, fitting(found, limit));

  const headers = new Headers({ "content-type": MediaTypes.index });
  if (artifactType !== undefined) {
    headers.set("oci-filters-applied", "artifactType");
  }
  if (more) {
    headers.set(
      "link",
      nextLink(url(`/v2/${repository}/referrers/${digest}`), {
        ...(artifactType === undefined ? {} : { artifactType }),
        n: limit,
        last: entries.at(-1)!.digest,
      }),
    );
  }
  const index = {
    schemaVersion: 2,
    mediaType: MediaTypes.index,
    manifests: entries,
  };
  return new Response(encodeJson(index), { headers });
}

/** How many of the entries make a page: at most `limit`, and no more than fit. */
function fitting(entries: readonly Descriptor[], limit: number): number {
  let bytes = 0;
  for (let count = 0; count < Math.min(limit, entries.length); count++) {
    bytes += encodeJson(entries[count]).byteLength;
    if (bytes > MAX_PAGE_BYTES && count > 0) return count;
  }
  return limit;
}
