/**
 * The `ETag` of an answer, for a condition of another request; undefined where there is
 * none, or a weak one, for which `If-Match` and `If-Range` never hold (RFC 9110 §13.1.1).
 */
export function strongEtag(headers: Headers): string | undefined {
  const etag = headers.get("etag");
  return etag !== null && /^"[^"]*"$/.test(etag) ? etag : undefined;
}
