/**
 * Whether the client has this content already, by its `If-None-Match` (RFC 9110
 * §13.1.2). The entity tag of content is its digest in quotation marks.
 */
export function isFresh(headers: Headers, digest: string): boolean {
  const condition = headers.get("if-none-match");
  return condition !== null &&
    condition.split(",").some((tag) =>
      tag.trim().replace(/^W\//, "") === `"${digest}"`
    );
}
