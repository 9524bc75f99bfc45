/**
 * The target of `rel="next"` in a `Link` header, or undefined where there is none.
 *
 * Follows RFC 8288; several links in one header, unquoted and multiple relation
 * types are understood. The target is given as written, and may be relative.
 *
 * @example
 * ```ts
 * import { nextLink } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(nextLink('</v2/app/tags/list?n=2&last=b>; rel="next"'), "/v2/app/tags/list?n=2&last=b");
 * ```
 */
export function nextLink(header: string | null): string | undefined {
  if (header === null) return undefined;
  const link =
    /<([^<>]*)>((?:\s*;\s*[^\s;,="]+(?:\s*=\s*(?:"[^"]*"|[^\s;,"]*))?)*)/g;
  for (const [, target, parameters] of header.matchAll(link)) {
    const relation = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))/i.exec(
      parameters ?? "",
    );
    const types = (relation?.[1] ?? relation?.[2] ?? "").toLowerCase().split(
      /\s+/,
    );
    if (types.includes("next")) return target;
  }
  return undefined;
}
