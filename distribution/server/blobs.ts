import { checkDigest } from "./digest_text.ts";
import type { Exchange } from "./exchange.ts";
import { isFresh } from "./freshness.ts";
import { parseRange } from "./range.ts";
import { blobUnknown, RequestError } from "./request_error.ts";

/** `GET` and `HEAD /v2/<name>/blobs/<digest>`, with ranges (R15, R19-R21). */
export async function getBlob(
  exchange: Exchange,
  repository: string,
  digestText: string,
): Promise<Response> {
  const { request, storage } = exchange;
  const digest = String(checkDigest(digestText));
  const size = await storage.blobSize(repository, digest);
  if (size === undefined) throw blobUnknown(digest);
  exchange.places.add(digest, repository);

  const headers = new Headers({
    "accept-ranges": "bytes",
    "content-length": String(size),
    "content-type": "application/octet-stream",
    "docker-content-digest": digest,
    etag: `"${digest}"`,
  });
  if (request.method === "HEAD") return new Response(null, { headers });
  if (isFresh(request.headers, digest)) {
    headers.delete("content-length");
    return new Response(null, { status: 304, headers });
  }

  const range = rangeOf(request.headers, digest, size);
  if (range === "unsatisfiable") {
    throw new RequestError(
      416,
      "SIZE_INVALID",
      "The range lies outside of the blob",
      { headers: { "content-range": `bytes */${size}` } },
    );
  }
  const body = await storage.readBlob(repository, digest, range);
  // It may have been deleted since its size was read.
  if (body === undefined) throw blobUnknown(digest);
  exchange.note("pull", "blob", repository, { digest });
  if (range === undefined) return new Response(body, { headers });
  const { start, end } = range;
  headers.set("content-length", String(end - start));
  headers.set("content-range", `bytes ${start}-${end - 1}/${size}`);
  return new Response(body, { status: 206, headers });
}

/** `DELETE /v2/<name>/blobs/<digest>` (R79). */
export async function deleteBlob(
  exchange: Exchange,
  repository: string,
  digestText: string,
): Promise<Response> {
  const digest = String(checkDigest(digestText));
  if (!(await exchange.storage.deleteBlob(repository, digest))) {
    throw blobUnknown(digest);
  }
  exchange.note("delete", "blob", repository, { digest });
  return new Response(null, { status: 202 });
}

/** The range to send; a range of another version of the content (`If-Range`) is the whole. */
function rangeOf(
  headers: Headers,
  digest: string,
  size: number,
): ReturnType<typeof parseRange> {
  const condition = headers.get("if-range");
  if (condition !== null && condition !== `"${digest}"`) return undefined;
  return parseRange(headers.get("range"), size);
}
